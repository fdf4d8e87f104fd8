using RocketOps.Replication.Epochs;
using RocketOps.Replication.Leases;
using RocketOps.Replication.Members;

namespace RocketOps.Replication.Tests.Simulation;

/// <summary>What goes wrong in a schedule, and the person who helps when nothing else can.</summary>
internal sealed class SimFaults
{
    private static readonly TimeSpan BetweenDeletions = TimeSpan.FromSeconds(25);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(12);

    private readonly SimGroup _group;
    private readonly SimWorld _world;
    private readonly (double Weight, Action Happens)[] _faults;
    private readonly double _weights;
    private readonly SimMembership _membership;
    private TimeSpan _deletedAt = -BetweenDeletions;
    private bool _over;
    private bool _quiet;

    // Those that have lost a file beside their log, and still have that log.
    private readonly HashSet<SimMember> _strange = [];

    public SimFaults(SimGroup group)
    {
        _group = group;
        _world = group.World;
        _membership = new SimMembership(group);
        SimOptions options = group.Options;
        _faults =
        [
            (options.Kill, Kill),
            (options.PowerCut, () => CutPower(AnyMember())),
            (options.PowerCut / 4, CutAllPower),
            (options.Wipe, Wipe),
            (options.FileLost, LoseFile),
            (options.Pause, () => Pause(stopsClock: false)),
            (options.Suspend, () => Pause(stopsClock: true)),
            (options.Partition, Isolate),
            (options.OneWayPartition, CutOneWay),
            (options.LeaseCut, CutLease),
            (options.LeaseOutage, CutAllLeases),
            (options.LeaseDeleted, DeleteLease),
            (options.LeaseEdited, EditLease),
            (options.LeaseSetBack, SetLeaseBack),
            (options.WallClock, SetWallClock),
            (options.SlowDisk, SlowDisk),
            (options.HandOver, HandOver),
            (options.HostFails, FailHost),
            (options.MemberChange, _membership.Change),
        ];
        _weights = _faults.Sum(static fault => fault.Weight);
    }

    public void Begin() => _world.After(_group.Options.Undisturbed + _world.Between(0, 3000), Next);

    /// <summary>Everything is repaired, and everybody started.</summary>
    public void End()
    {
        _over = true;
        _membership.IsOver = true;
        _group.Network.IsCalm = true;
        _group.LeaseStore.IsCalm = true;
        _group.Note("faults are over");
        for (int i = 0; i < _group.Members.Count; i++)
        {
            _group.LeaseStore.Heal(i);
            for (int j = 0; j < _group.Members.Count; j++)
            {
                _group.Network.Heal(i, j);
            }

            _group.Members[i].DiskFactor = 1;
            if (!_group.Members[i].IsUp && _group.Members[i].IsPart)
            {
                _group.Members[i].Start();
            }
        }
    }

    /// <summary>Nobody may lead: what they have is lost, or only in part. A person decides for the loss, for the next epoch and no other.</summary>
    public void HelpByHand()
    {
        if (_group.LeaseStore.Lease is { Record: { Holder.Length: > 0 } held } && _group.Find(held.Holder)!.Process?.LeadingEpoch == held.Epoch)
        {
            return;
        }

        // A lease made or mended by hand begins above the highest epoch that the cluster's status remembers: the members that knew it may have lost their stores. It names
        // the group, else one whose store is empty would found another one.
        long floor = _group.LeaseStore.Past.Select(static past => past.Epoch).DefaultIfEmpty().Max();
        LeaseRecord lease = _group.LeaseStore.Lease?.Record
            ?? new LeaseRecord { GroupId = _group.LeaseStore.Past.LastOrDefault()?.GroupId ?? string.Empty, Holder = string.Empty, Epoch = floor, RenewTime = DateTimeOffset.UnixEpoch, Duration = TimeSpan.FromSeconds(6), InSync = [] };
        long next = Math.Max(Math.Max(lease.Epoch, floor), _group.Members.Max(static member => member.Disk.State.Promised)) + 1;
        _group.Note($"a person permits an unclean promotion in epoch {next}");
        _group.LeaseStore.Edit(lease with { Epoch = next - 1, UncleanEpoch = next });
    }

    private void Next()
    {
        if (_over)
        {
            return;
        }

        if (_quiet)
        {
            _world.After(_world.Between(0, 2 * _group.Options.FaultEveryMs), Next);
            return;
        }

        double at = _world.Random.NextDouble() * _weights;
        foreach ((double weight, Action happens) in _faults)
        {
            at -= weight;
            if (at <= 0)
            {
                happens();
                break;
            }
        }

        _world.After(_world.Between(0, 2 * _group.Options.FaultEveryMs), Next);
    }

    private SimMember AnyMember() => _world.Pick(_group.Members);

    /// <summary>More often the master: most faults of others change little.</summary>
    private SimMember LikelyMaster() =>
        _world.Chance(0.5) && _group.LeaseStore.Lease?.Record is { Holder.Length: > 0 } lease ? _group.Find(lease.Holder)! : AnyMember();

    private void Kill()
    {
        SimMember member = LikelyMaster();
        _group.Note(member, "killed");
        member.Kill();
        StartLater(member);
    }

    private void FailHost()
    {
        SimMember member = LikelyMaster();
        if (member.IsUp && !member.IsPaused)
        {
            _group.Note(member, "has a store that fails");
            member.Broker!.FailHost();
            _world.After(_world.Between(500, 9000), () =>
            {
                if (member.HasFailed)
                {
                    member.Kill();
                    StartLater(member);
                }
            });
        }
    }

    private void CutPower(SimMember member)
    {
        _group.Note(member, "loses power");
        member.LosePower();
        int survives = _world.Random.Next(member.Disk.Durable, member.Disk.Log.Count + 1);
        member.Disk.LosePower(survives, tells: _group.Options.NoticesLostWrites, answersEarly: !_group.Options.FlushesBeforeAnswer);
        StartLater(member);
    }

    private void CutAllPower()
    {
        foreach (SimMember member in _group.Members)
        {
            CutPower(member);
        }
    }

    private void Wipe()
    {
        SimMember member = LikelyMaster();
        _group.Note(member, "loses its disk");
        _strange.Remove(member);
        member.Kill();
        member.Disk.Wipe(tells: _group.Options.NoticesLostWrites);
        StartLater(member);
    }

    /// <summary>Somebody deletes a file beside the log, or moves it away.</summary>
    private void LoseFile()
    {
        SimMember member = LikelyMaster();
        if (_strange.Contains(member))
        {
            // With neither file it is a store of before there was a group (docs/replication.md, The last copy).
            return;
        }

        string file = _world.Chance(0.5) ? EpochFile.Name : MemberStateFile.Name;
        _group.Note(member, $"is killed, and loses its {file}");
        member.Kill();
        member.Disk.Lose(file);
        _strange.Add(member);
        StartLater(member);
    }

    /// <summary>
    /// A store that is not to be started, or to follow, is moved away by a person, who starts the member empty. False for one that nothing has happened to: it must not come to that.
    /// </summary>
    public bool MustMoveAway(SimMember member)
    {
        if (!_strange.Contains(member))
        {
            return false;
        }

        _world.After(_world.Between(1000, 5000), () =>
        {
            if (_strange.Remove(member) && member.IsPart)
            {
                _group.Note(member, "has its store moved away");
                member.Kill();
                member.Disk.Wipe(tells: true);
                member.Start();
            }
        });
        return true;
    }

    private void StartLater(SimMember member) => _world.After(_world.Between(100, 9000), () =>
    {
        if (!member.IsUp && member.IsPart)
        {
            _group.Note(member, "started");
            member.Start();
        }
    });

    private void Pause(bool stopsClock)
    {
        SimMember member = LikelyMaster();
        TimeSpan time = _world.Between(50, LongestPause.TotalMilliseconds);
        if (!_over && member.IsUp && !member.IsPaused)
        {
            _group.Note(member, $"{(stopsClock ? "suspended" : "stands still")} for {time.TotalSeconds:F1} s");
            member.Pause(time, stopsClock);
        }
    }

    private void Isolate()
    {
        SimMember member = LikelyMaster();
        bool alsoLease = _world.Chance(0.4);
        _group.Note(member, alsoLease ? "cut off" : "cut off from the others");
        int number = _group.NumberOf(member);
        For(_world.Between(300, 12_000), () =>
        {
            foreach (SimMember other in _group.Members)
            {
                _group.Network.Cut(number, _group.NumberOf(other));
                _group.Network.Cut(_group.NumberOf(other), number);
            }

            if (alsoLease)
            {
                _group.LeaseStore.Cut(number);
            }
        }, () =>
        {
            foreach (SimMember other in _group.Members)
            {
                _group.Network.Heal(number, _group.NumberOf(other));
                _group.Network.Heal(_group.NumberOf(other), number);
            }

            _group.LeaseStore.Heal(number);
        });
    }

    private void CutOneWay()
    {
        int from = _group.NumberOf(AnyMember());
        int to = _group.NumberOf(AnyMember());
        _group.Note($"nothing comes from m{from} to m{to}");
        For(_world.Between(300, 12_000), () => _group.Network.Cut(from, to), () => _group.Network.Heal(from, to));
    }

    private void CutLease()
    {
        SimMember member = LikelyMaster();
        _group.Note(member, "does not reach the lease");
        int number = _group.NumberOf(member);
        For(_world.Between(300, 12_000), () => _group.LeaseStore.Cut(number), () => _group.LeaseStore.Heal(number));
    }

    private void CutAllLeases()
    {
        _group.Note("nobody reaches the lease");
        For(_world.Between(300, _group.Options.LongestOutage.TotalMilliseconds), () => ForAll(_group.LeaseStore.Cut), () => ForAll(_group.LeaseStore.Heal));
    }

    private void DeleteLease()
    {
        if (_world.Now - _deletedAt >= BetweenDeletions)
        {
            _group.Note("the lease is deleted");
            _deletedAt = _world.Now;
            _group.LeaseStore.Edit(null);
        }
    }

    /// <summary>Somebody permits an unclean promotion for an epoch that is over, or that is far off.</summary>
    private void EditLease()
    {
        if (_group.LeaseStore.Lease?.Record is { } lease)
        {
            long epoch = Math.Max(0, lease.Epoch - _world.Random.Next(3));
            _group.Note($"somebody sets the unclean epoch to {epoch}");
            _group.LeaseStore.Edit(lease with { UncleanEpoch = epoch });
        }
    }

    /// <summary>
    /// Somebody restores an old lease. A member that knows of no later epoch learns of it from those that do, so for that time one of them is there and can be heard, and nothing else goes wrong; then a person deletes it.
    /// </summary>
    private void SetLeaseBack()
    {
        if (_group.LeaseStore.Lease?.Record is { } lease && _world.Now - _deletedAt >= BetweenDeletions && !_membership.IsChanging
            && _group.Parts.Any(member => member is { IsUp: true, IsPaused: false, HasFailed: false } && member.Disk.State.Seen >= lease.Epoch)
            && _group.Parts.All(one => !one.IsPaused && _group.LeaseStore.IsReachable(_group.NumberOf(one)) && _group.Parts.All(other => !_group.Network.IsCut(_group.NumberOf(one), _group.NumberOf(other))))
            && _group.LeaseStore.Past.Where(past => past.Epoch < lease.Epoch).ToArray() is { Length: > 0 } past)
        {
            LeaseRecord old = _world.Pick(past);
            _group.Note($"somebody sets the lease back to epoch {old.Epoch}");
            _deletedAt = _world.Now;
            _group.LeaseStore.Edit(old);
            _quiet = true;
            _group.Network.IsCalm = true;
            _world.After(TimeSpan.FromSeconds(15), () =>
            {
                if (!_over)
                {
                    _group.Note("a person deletes the lease that was set back");
                    _group.LeaseStore.Edit(null);
                }

                _world.After(TimeSpan.FromSeconds(5), () =>
                {
                    _quiet = false;
                    _group.Network.IsCalm = _over;
                });
            });
        }
    }

    private void SetWallClock()
    {
        SimMember member = AnyMember();
        TimeSpan by = _world.Between(-3_600_000, 3_600_000);
        if (member.IsPaused && by < TimeSpan.Zero && by > -LongestPause)
        {
            // Suspended, and set back by less than that: no clock of it shows that time went by (docs/replication.md).
            return;
        }

        _group.Note(member, $"has its wall clock set by {by.TotalSeconds:F0} s");
        member.Clock.SetWall(by);
    }

    private void SlowDisk()
    {
        SimMember member = AnyMember();
        _group.Note(member, "has a slow disk");
        For(_world.Between(500, 8000), () => member.DiskFactor = 100, () => member.DiskFactor = 1);
    }

    private void HandOver()
    {
        if (_group.LeaseStore.Lease?.Record is { Holder.Length: > 0 } lease)
        {
            SimMember target = AnyMember();
            _group.Note($"{lease.Holder} is to hand over to {target.Name}");
            if (_world.Chance(0.5))
            {
                _group.LeaseStore.Edit(lease with { HandOverTo = target.Name });
            }
            else if (_group.Find(lease.Holder) is { IsUp: true, IsPaused: false } master)
            {
                master.Process!.HandOverTo(target.Name, leaves: master.Process.LeadingEpoch % 2 == 0);
            }
        }
    }

    private void ForAll(Action<int> happens)
    {
        for (int i = 0; i < _group.Members.Count; i++)
        {
            happens(i);
        }
    }

    private void For(TimeSpan time, Action begins, Action ends)
    {
        begins();
        _world.After(time, () =>
        {
            if (!_over)
            {
                ends();
            }
        });
    }
}
