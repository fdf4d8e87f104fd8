using RocketOps.Election.Epochs;
using RocketOps.Election.Members;

namespace RocketOps.Election.Tests.Simulation;

/// <summary>What goes wrong with machines, their processes and what lies on their disks.</summary>
internal sealed class SimMachineFaults(SimGroup group, SimLuck luck)
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(12);

    private readonly SimWorld _world = group.World;

    // Those that have lost a file beside their log, and still have that log.
    private readonly HashSet<SimMember> _strange = [];

    public void Kill()
    {
        SimMember member = luck.LikelyMaster();
        group.Note(member, "killed");
        member.Kill();
        StartLater(member);
    }

    public void FailHost()
    {
        SimMember member = luck.LikelyMaster();
        if (member.IsUp && !member.IsPaused)
        {
            group.Note(member, "has a store that fails");
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

    /// <summary>The master refuses messages until there is room, and what another master sends it as well.</summary>
    public void FillDisk()
    {
        if (group.LeaseStore.Lease?.Record is { Holder.Length: > 0 } lease && group.Members.All(static member => !member.Disk.IsFull))
        {
            SimMember member = group.Find(lease.Holder)!;
            group.Note(member, "has a full disk");
            luck.For(_world.Between(20_000, 40_000), () => member.Disk.IsFull = true, () => member.Disk.IsFull = false);
        }
    }

    public void CutPower(SimMember member)
    {
        group.Note(member, "loses power");
        member.LosePower();
        int survives = _world.Random.Next(member.Disk.Durable, member.Disk.Log.Count + 1);
        member.Disk.LosePower(survives, tells: group.Options.NoticesLostWrites, answersEarly: !group.Options.FlushesBeforeAnswer);
        StartLater(member);
    }

    public void CutAllPower()
    {
        foreach (SimMember member in group.Members)
        {
            CutPower(member);
        }
    }

    public void Wipe()
    {
        SimMember member = luck.LikelyMaster();
        group.Note(member, "loses its disk");
        _strange.Remove(member);
        member.Kill();
        member.Disk.Wipe(tells: group.Options.NoticesLostWrites);
        StartLater(member);
    }

    /// <summary>Somebody deletes a file beside the log, or moves it away.</summary>
    public void LoseFile()
    {
        SimMember member = luck.LikelyMaster();
        if (_strange.Contains(member))
        {
            // With neither file it is a store of before there was a group (docs/replication.md, The last copy).
            return;
        }

        string file = _world.Chance(0.5) ? EpochFile.Name : MemberStateFile.Name;
        group.Note(member, $"is killed, and loses its {file}");
        member.Kill();
        member.Disk.Lose(file);
        member.Disk.ForgetCopies();
        _strange.Add(member);
        StartLater(member);
    }

    /// <summary>A snapshot of a running member is put back after it was killed.</summary>
    public void GoBack() => GoBack(luck.LikelyMaster());

    /// <summary>As when a whole cluster is restored, each volume to some moment.</summary>
    public void GoBackAll()
    {
        foreach (SimMember member in group.Parts)
        {
            GoBack(member);
        }
    }

    /// <summary>Copies of all disks are made again and again.</summary>
    public void BeginCopies() => _world.After(_world.Between(500, 3000), () =>
    {
        foreach (SimMember member in group.Parts.Where(member => !_strange.Contains(member)))
        {
            member.Disk.Copy();
        }

        BeginCopies();
    });

    private void GoBack(SimMember member)
    {
        if (member.Disk.Copies == 0 || _strange.Contains(member))
        {
            return;
        }

        int copy = _world.Random.Next(member.Disk.Copies);
        int before = member.Disk.Log.Count;
        member.Kill();
        member.Disk.GoBack(copy);
        group.Note(member, $"is killed, and its disk goes back in time, from {before} messages to {member.Disk.Log.Count}");
        group.Checker.OnWentBack();
        StartLater(member);
    }

    public void Pause(bool stopsClock)
    {
        SimMember member = luck.LikelyMaster();
        TimeSpan time = _world.Between(50, LongestPause.TotalMilliseconds);
        if (!luck.IsOver && member.IsUp && !member.IsPaused)
        {
            group.Note(member, $"{(stopsClock ? "suspended" : "stands still")} for {time.TotalSeconds:F1} s");
            member.Pause(time, stopsClock);
        }
    }

    public void SetWallClock()
    {
        SimMember member = luck.AnyMember();
        TimeSpan by = _world.Between(-3_600_000, 3_600_000);
        if (member.IsPaused && by < TimeSpan.Zero && by > -LongestPause)
        {
            // Suspended, and set back by less than that: no clock of it shows that time went by (docs/replication.md).
            return;
        }

        group.Note(member, $"has its wall clock set by {by.TotalSeconds:F0} s");
        member.Clock.SetWall(by);
    }

    public void SlowDisk()
    {
        SimMember member = luck.AnyMember();
        group.Note(member, "has a slow disk");
        luck.For(_world.Between(500, 8000), () => member.DiskFactor = 100, () => member.DiskFactor = 1);
    }

    /// <summary>
    /// A store that is not to be started, or to follow, is moved away by a person, who starts the member empty. False for one that nothing has happened to: it must not come to that.
    /// </summary>
    public bool MustMoveAway(SimMember member)
    {
        // One that knows more than a master that went back in time, and was not heard when that one took the lease, follows it only by a person's hand. What is lost with it is missing in the end.
        if (!_strange.Contains(member) && !(group.Checker.GoneBack > 0 && _strange.Add(member)))
        {
            return false;
        }

        _world.After(_world.Between(1000, 5000), () =>
        {
            // One that was taken out meanwhile is looked after when it is added, and does not start, again.
            if (member.IsPart && _strange.Remove(member))
            {
                group.Note(member, "has its store moved away");
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
            group.Note(member, "started");
            member.Start();
        }
    });
}
