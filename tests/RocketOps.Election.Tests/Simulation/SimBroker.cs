using RocketOps.Broker.Failover;
using RocketOps.Election.Epochs;
using RocketOps.Election.Leases;
using RocketOps.Election.Members;
using RocketOps.Store.Contracts;

namespace RocketOps.Election.Tests.Simulation;

/// <summary>The broker's process on a machine, as far as a <see cref="GroupMember"/> needs it: its log, its producers, its clock and its lease store.</summary>
internal sealed class SimBroker : IMemberHost
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private readonly SimGroup _group;
    private readonly SimOptions _options;
    private readonly SimWorld _world;
    private readonly MemberFiles _files;
    private readonly List<Pending> _pending = [];
    private bool _writesPaused;
    private long _dispatched;
    private bool _ticking;

    public SimBroker(SimGroup group, SimMember machine, GroupRules rules)
    {
        _group = group;
        _options = group.Options;
        _world = group.World;
        Machine = machine;
        Number = group.NumberOf(machine);
        Options = new GroupOptions
        {
            Member = machine.Name,
            Address = SimMember.AddressOf(machine.Name),
            Members = machine.Peers,
            Mode = _options.Mode,
            MinInSync = _options.MinInSync,
            ServesWithoutLease = _options.ServesWithoutLease,
        };
        Options.FindFaults().Should().BeEmpty();

        // As recovery finds them: what was announced and never came is forgotten, and everything that is there is dispatched.
        FlushDiskType flush = _options.FlushesBeforeAnswer ? FlushDiskType.SyncFlush : FlushDiskType.AsyncFlush;
        _files = Disk.Load(flush, _options.MissesEpochs);
        Epochs = Disk.Epochs;
        _dispatched = Disk.Log.Count;
        Replicated = Disk.Dispatched;
        Member = new GroupMember(Options, Disk.State, this, machine.Clock, rules);
        Loop = new SimLoop(_world, this);
        Writes = new SimWrites(_world, this, flush);
        Roles = new SimRoles(group, this);
    }

    public SimMember Machine { get; }

    public int Number { get; }

    public GroupOptions Options { get; }

    public GroupMember Member { get; }

    public SimLoop Loop { get; }

    public SimWrites Writes { get; }

    public SimRoles Roles { get; }

    public List<SimSocket> Sockets { get; } = [];

    /// <summary>When each follower, by its name, has said last that it has all that is as safe as acknowledged means here.</summary>
    public Dictionary<string, TimeSpan> CaughtUpAt { get; } = new(StringComparer.Ordinal);

    public SimDisk Disk => Machine.Disk;

    /// <summary>As the process knows them.</summary>
    public EpochHistory Epochs { get; private set; }

    /// <summary>How far all copies in sync have the log, as far as it is here: what consumers may see.</summary>
    public long Replicated { get; private set; }

    public bool HasFailed { get; private set; }

    public bool TakesMessages => Member.TakesMessages && Roles.AcceptsMessages && !_writesPaused && HasRoom;

    public bool HasRoom => !Machine.Disk.IsFull;

    /// <summary>As safe as acknowledged means.</summary>
    public int Visible => _options.FlushesBeforeAnswer ? Disk.Durable : Disk.Written;

    public LogEnd LogEnd => new(Epochs.EpochAt(Visible), Visible);

    public long AppendedEnd => Disk.Log.Count;

    public TimeSpan MasterSilence => Roles.Join?.MasterSilence ?? TimeSpan.MaxValue;

    public LogEnd Confirmed => new(Epochs.EpochAt(Replicated), Replicated);

    public bool WaitsForDisk => !HasFailed && LogEnd.Offset < AppendedEnd;

    public bool IsAlive => Machine.Broker == this;

    public void Start()
    {
        TickLater();
        Writes.Start();
    }

    public void Die(bool tells)
    {
        foreach (SimSocket socket in Sockets.ToArray())
        {
            socket.Die(losesSent: !tells || _world.Chance(0.5), tells);
        }
    }

    public void FailHost()
    {
        HasFailed = true;
        TellFailed("the store has failed");
        Writes.When(SimHang.Flushes, _files.NoteFailure);
        Roles.LeaveForGood();
    }

    public void TellFailed(string reason) => Loop.Do(_ => TellFailedNow(reason));

    /// <summary>On the member's loop.</summary>
    public void TellFailedNow(string reason)
    {
        Machine.FailedAt = _world.Now;
        Member.OnHostFailed(reason);
    }

    public long EpochAt(long end) => Epochs.EpochAt(end);

    public string NewIncarnation() => _files.NewId();

    public void ReadLease(long request) => _group.LeaseStore.Read(Number, lease => Tell(member => member.OnLeaseRead(request, lease)), () => Tell(member => member.OnLeaseFailed(request)));

    public void WriteLease(long request, LeaseRecord record, string? expectedVersion) => _group.LeaseStore.Write(
        Number, record, expectedVersion, version => Tell(member => member.OnLeaseWritten(request, version)), () => Tell(member => member.OnLeaseFailed(request)));

    public void AskMembers(long round)
    {
        foreach (SimMember other in _group.Members.Where(other => other != Machine && Options.Members.Contains(other.Name)))
        {
            Send(other, to => to.Answer(this, round));
        }
    }

    public void Persist(MemberState state)
    {
        ThrowIfDiskIsFull();
        MemberState kept = _options.PersistsPromise ? state : state with { Promised = 0, Seen = 0 };
        Disk.OnReplacing();
        if (Disk.Hang == SimHang.None)
        {
            Keep(kept);
        }
        else if (_options.WaitsForPromises)
        {
            _group.Checker.OnHeldUp();
            Loop.WaitForDisk();
            Keep(kept);
        }
        else
        {
            Writes.When(SimHang.Flushes, () => Keep(kept));
        }
    }

    /// <summary>Replaces the file of epochs.</summary>
    public void NoteEpochs(EpochHistory epochs)
    {
        ThrowIfDiskIsFull();
        _files.Write(epochs);
        Disk.Epochs = epochs;
        Epochs = epochs;
    }

    public void Lead(long epoch)
    {
        _writesPaused = false;
        Roles.Lead(epoch);
    }

    public void Follow(LeaseRecord lease)
    {
        _writesPaused = false;
        Roles.Follow(lease);
    }

    public void StandBy()
    {
        _writesPaused = false;
        Roles.StandBy();
    }

    public void Confirm(long offset)
    {
        NoteReplicated(offset);
        AnswerProducers();
        Roles.Links.OnReplicated();
    }

    public void PauseWrites() => _writesPaused = true;

    public void ResumeWrites() => _writesPaused = false;

    public void Report(MemberEvent happened, string text) => _group.Note(Machine, $"{happened}: {text}");

    public void NoteReplicated(long offset)
    {
        if (offset > Replicated)
        {
            Replicated = offset;
            Disk.Dispatched = (int)offset;
        }
    }

    /// <summary>A producer's message. It is answered when it may be, or never.</summary>
    public void Take(int id)
    {
        long epoch = Member.LeadingEpoch!.Value;
        Disk.Log.Add(new SimEntry(id, epoch, _dispatched++));
        _group.Checker.OnTaken(Machine, id, epoch);
        _pending.Add(new Pending(id, Disk.Log.Count, _world.Now));
        Writes.OnAppended(OnVisible);
    }

    /// <summary>The broker's own message, which delivers another one.</summary>
    public void TakeCopy(int of)
    {
        long epoch = Member.LeadingEpoch!.Value;
        int id = _group.NextId();
        Disk.Log.Add(new SimEntry(id, epoch, _dispatched++, of));
        _group.Checker.OnTaken(Machine, id, epoch);
        Writes.OnAppended(OnVisible);
    }

    public void Cut(int end)
    {
        _group.Checker.OnCutting(Machine, end);
        Disk.Cut(end, _options.KeepsDiverged);
        _dispatched = Math.Min(_dispatched, end);
        Replicated = Math.Min(Replicated, end);
        _pending.RemoveAll(pending => pending.End > end);
        Roles.Tables.Cut(end);
    }

    /// <summary>All older messages are counted: new ones go on behind them.</summary>
    public void CountOn() => _dispatched = Disk.Log.Count;

    /// <summary>Whoever waits for other members is told to send again.</summary>
    public void GiveUpReplication()
    {
        if (_options.Mode == ReplicationMode.Sync)
        {
            _pending.Clear();
        }
    }

    public void Send(SimMember other, Action<SimBroker> arrives) => _group.Network.Send(Number, _group.NumberOf(other), () =>
    {
        if (other.Broker is { } broker)
        {
            broker.InProcess(() => arrives(broker));
        }
    });

    /// <summary>On the member's loop.</summary>
    public void Tell(Action<GroupMember> tell) => InProcess(() => Loop.Do(tell));

    public void AfterHere(TimeSpan delay, Action happens) => _world.After(delay, () => InProcess(happens));

    /// <summary>What happens to a process that stands still happens when it goes on; to one that is gone, never.</summary>
    public void InProcess(Action happens)
    {
        if (!IsAlive)
        {
            return;
        }

        if (Machine.IsPaused)
        {
            _world.After(Machine.PauseLeft, () => InProcess(happens));
            return;
        }

        try
        {
            happens();
        }
        catch (IOException failure)
        {
            TellFailed(failure.Message);
        }
        catch (SimProcessEndedException)
        {
            // With whatever it was in the middle of.
        }
    }

    /// <summary>More of the log is as safe as acknowledged means.</summary>
    public void OnVisible()
    {
        Roles.Links.OnGrown();
        if (Member.HeldEpoch is not null)
        {
            Loop.Do(static member => member.OnLogGrown());
        }

        Roles.Follower?.OnVisible();
        AnswerProducers();
    }

    private void Answer(SimBroker asker, long round) => Loop.Do(here =>
    {
        MemberAnswer answer = here.Describe();
        Send(asker.Machine, to => to.Loop.Do(member => member.OnAnswer(round, answer)));
    });

    private void Keep(MemberState state)
    {
        Disk.State = state;
        _files.Write(state);
    }

    private void ThrowIfDiskIsFull()
    {
        if (!_group.Network.IsCalm && _world.Chance(_options.PersistFails))
        {
            throw new IOException("no space left on the disk");
        }
    }

    /// <summary>Answers who may be answered now.</summary>
    private void AnswerProducers()
    {
        for (int i = 0; i < _pending.Count; i++)
        {
            Pending pending = _pending[i];
            if (pending.End <= Visible && Member.LeadingEpoch is { } epoch && Member.MayAcknowledge(epoch, pending.End))
            {
                _group.Checker.OnAcknowledged(Machine, pending.Id, epoch, pending.End);
            }
            else if (_world.Now - pending.Since < Patience)
            {
                continue;
            }

            _pending.RemoveAt(i--);
        }
    }

    private void Tick(GroupMember member)
    {
        _ticking = false;
        if (HasFailed)
        {
            TellFailedNow("the store has failed");
        }

        member.Tick();
        _group.HangChecker.OnTicked(this);
    }

    private void TickLater() => AfterHere(_world.Between(80, 160), () =>
    {
        TickLater();
        if (!_ticking)
        {
            _ticking = true;
            Loop.Do(Tick);
        }

        Roles.Links.Tick();
        if (Roles.Follower is { } follower)
        {
            // Dispatch follows the log at some distance.
            _dispatched = Math.Max(_dispatched, Disk.Log.Count - _world.Random.Next(4));
            follower.Tick();
        }

        AnswerProducers();
        Roles.Tables.Tick();
    });

    private readonly record struct Pending(int Id, int End, TimeSpan Since);
}
