using System.Globalization;
using RocketOps.Replication.Epochs;
using RocketOps.Replication.Leases;
using RocketOps.Replication.Members;
using RocketOps.Replication.Rules;

namespace RocketOps.Replication.Tests.Simulation;

/// <summary>
/// A machine with one member: its disk, its clocks, and the process on it, which dies and is started again. Stands for the broker around a <see cref="GroupMember"/>: copies logs by messages that say in
/// which epoch they are.
/// </summary>
internal sealed class SimMember : IMemberHost
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan AskAgain = TimeSpan.FromMilliseconds(200);
    private const int BatchEntries = 50;

    private readonly SimGroup _group;
    private readonly int _number;
    private readonly SimOptions _options;
    private readonly SimWorld _world;
    private readonly GroupRules _rules;
    private readonly List<Pending> _pending = [];
    private readonly Dictionary<int, (MemberCopy Copy, long Epoch, int From)> _parked = [];
    private GroupMember? _process;
    private int _life;
    private int _term;
    private TimeSpan _pausedUntil;
    private long? _servedAt;
    private LeaseRecord? _followed;
    private bool _joined;
    private bool _joining;
    private bool _flushing;
    private bool _writesPaused;
    private long _begunEpoch;
    private long _dispatched;

    public SimMember(SimGroup group, int number, SimClock clock, GroupRules rules)
    {
        _group = group;
        _number = number;
        _options = group.Options;
        _world = group.World;
        _rules = rules;
        Clock = clock;
        Disk = new SimDisk(number);
        Name = NameOf(number);
    }

    public string Name { get; }

    /// <summary>Somebody has it run. A machine that has not joined yet, or that was taken out, stands there and is never started.</summary>
    public bool IsPart { get; set; }

    /// <summary>The names of all members as the configuration of its next start has them.</summary>
    public IReadOnlyList<string> Configured { get; set; } = [];

    /// <summary>As its process has them.</summary>
    public IReadOnlyList<string> Peers { get; private set; } = [];

    public SimClock Clock { get; }

    public SimDisk Disk { get; }

    /// <summary>A disk that takes so much longer.</summary>
    public double DiskFactor { get; set; } = 1;

    public bool IsUp => _process is not null;

    /// <summary>Its store cannot go on; the process has to be started again.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>When its process was told last that it cannot lead.</summary>
    public TimeSpan FailedAt { get; private set; } = TimeSpan.MinValue;

    /// <summary>Since when the process runs without having stood still.</summary>
    public TimeSpan RunsSince { get; private set; }

    public GroupMember? Process => _process;

    public bool TakesMessages => _process is { TakesMessages: true } && !_writesPaused && !IsPaused;

    public bool IsPaused => _world.Now < _pausedUntil;

    public MemberCopy Copy => new(Name, Disk.State.Incarnation);

    public LogEnd LogEnd => _options.FlushesBeforeAnswer ? new LogEnd(Disk.Epochs.EpochAt(Disk.Durable), Disk.Durable) : Disk.End;

    public long AppendedEnd => Disk.Log.Count;

    public TimeSpan MasterSilence => _servedAt is { } at ? Clock.GetElapsedTime(at) : TimeSpan.MaxValue;

    /// <summary>Since when it has heard its master serve, again and again.</summary>
    public TimeSpan HearsSince { get; private set; }

    public bool WaitsForDisk => LogEnd.Offset < AppendedEnd;

    public static string NameOf(int number) => "m" + number.ToString(CultureInfo.InvariantCulture);

    public void Start()
    {
        _life++;
        _term++;
        _pending.Clear();
        _parked.Clear();
        _followed = null;
        _joined = _joining = _flushing = _writesPaused = HasFailed = false;
        _begunEpoch = 0;
        _servedAt = null;
        RunsSince = _world.Now;

        // As recovery dispatches what it finds.
        _dispatched = Disk.Log.Count;
        Peers = Configured;
        GroupOptions options = new()
        {
            Member = Name,
            Members = Peers,
            Mode = _options.Mode,
            MinInSync = _options.MinInSync,
            ServesWithoutLease = _options.ServesWithoutLease,
        };
        options.FindFaults().Should().BeEmpty();
        _process = new GroupMember(options, Disk.State, this, Clock, _rules);
        TickLater();
        if (!_options.FlushesBeforeAnswer)
        {
            FlushLater();
        }
        else if (Disk.Durable < Disk.Log.Count)
        {
            // As recovery does before anything is told of what it found.
            FlushSoon();
        }
    }

    public void FailHost()
    {
        HasFailed = true;
        TellFailed("the store has failed");
    }

    private void TellFailed(string reason)
    {
        FailedAt = _world.Now;
        _process?.OnHostFailed(reason);
    }

    public void Kill()
    {
        _life++;
        HasFailed = false;
        _process = null;
        _pausedUntil = TimeSpan.Zero;
    }

    /// <summary>Everything that happens to it meanwhile happens afterwards.</summary>
    public void Pause(TimeSpan time, bool stopsClock)
    {
        _pausedUntil = _world.Now + time;
        if (stopsClock)
        {
            // The clock is read by nobody before it goes on.
            Clock.Suspend(time);
        }

        RunsSince = _pausedUntil;
    }

    public void ReadLease(long request)
    {
        GroupMember process = _process!;
        Here(answered => _group.LeaseStore.Read(_number, lease => answered(() => process.OnLeaseRead(request, lease)), () => answered(() => process.OnLeaseFailed(request))));
    }

    public void WriteLease(long request, LeaseRecord record, string? expectedVersion)
    {
        GroupMember process = _process!;
        Here(answered => _group.LeaseStore.Write(
            _number, record, expectedVersion, version => answered(() => process.OnLeaseWritten(request, version)), () => answered(() => process.OnLeaseFailed(request))));
    }

    public void AskMembers(long round)
    {
        foreach (SimMember other in _group.Members.Where(other => other != this && Peers.Contains(other.Name)))
        {
            Send(other, to => to.Tell(this, to._process!.Describe(), round));
        }
    }

    public void Persist(MemberState state)
    {
        if (!_group.Network.IsCalm && _world.Chance(_options.PersistFails))
        {
            throw new IOException("no space left on the disk");
        }

        Disk.State = _options.PersistsPromise ? state : state with { Promised = 0, Seen = 0 };
    }

    public void Lead(long epoch)
    {
        _term++;
        _followed = null;
        _joined = false;
        _writesPaused = false;
        _parked.Clear();
        int term = _term;
        AfterHere(_world.Between(5, 300), () =>
        {
            if (term == _term && !HasFailed)
            {
                Disk.Epochs = Disk.Epochs.Begin(epoch, Disk.Log.Count);
                _dispatched = Disk.Log.Count;
                _begunEpoch = epoch;
                Disk.Durable = Disk.Log.Count;
                _group.Checker.OnLed(this, epoch);
                _process!.OnLeadBegun(epoch, Disk.Log.Count);
            }
        });
    }

    public void OnLeaseWatched(VersionedLease? lease) => InProcess(_life, () => _process!.OnLeaseWatched(lease));

    public void Follow(LeaseRecord lease)
    {
        EndTerm();
        _servedAt = null;
        _followed = lease;
        _joined = false;
        AskToJoin(_term);
    }

    public void StandBy() => EndTerm();

    public void Confirm(long offset) => Answer();

    public void PauseWrites() => _writesPaused = true;

    public void ResumeWrites() => _writesPaused = false;

    public void Report(MemberEvent happened, string text) => _group.Note(this, $"{happened}: {text}");

    /// <summary>A producer's message. It is answered when it may be, or never.</summary>
    public void Take(int id)
    {
        long epoch = _process!.LeadingEpoch!.Value;
        Disk.Log.Add(new SimEntry(id, epoch, _dispatched++));
        _group.Checker.OnTaken(this, id, epoch);
        _pending.Add(new Pending(id, epoch, Disk.Log.Count, _world.Now));
        if (_options.FlushesBeforeAnswer)
        {
            FlushSoon();
        }
        else
        {
            AfterHere(DiskTime(0.05, 2), OnWritten);
        }

        ServeParked();
    }

    private void OnWritten()
    {
        _process!.OnLogGrown();
        Answer();
    }

    /// <summary>Answers who may be answered now.</summary>
    private void Answer()
    {
        if (_process is not { } process)
        {
            return;
        }

        for (int i = 0; i < _pending.Count; i++)
        {
            Pending pending = _pending[i];
            if (pending.End <= LogEnd.Offset && process.MayAcknowledge(pending.Epoch, pending.End))
            {
                _group.Checker.OnAcknowledged(this, pending.Id, pending.Epoch, pending.End);
            }
            else if (_world.Now - pending.Since < Patience)
            {
                continue;
            }

            _pending.RemoveAt(i--);
        }
    }

    private void EndTerm()
    {
        _term++;
        _followed = null;
        _joined = false;
        _joining = false;
        _writesPaused = false;
        _parked.Clear();
    }

    // Copying the log: a follower asks to join, makes its log the same as the master's up to the point where they part, and then fetches; each fetch says what it has.
    private void AskToJoin(int term)
    {
        if (term != _term || _followed is not { } followed || _joined)
        {
            return;
        }

        if (!_joining && _group.Find(followed.Holder) is { } master)
        {
            int life = _life;
            Send(master, to => to.OnJoin(this, followed.Epoch, life));
        }

        AfterHere(AskAgain, () => AskToJoin(term));
    }

    private void OnJoin(SimMember follower, long epoch, int life)
    {
        if (_begunEpoch == epoch && _process!.HeldEpoch == epoch && Peers.Contains(follower.Name))
        {
            LogExtent extent = new(Disk.Epochs, 0, Disk.Log.Count);
            string groupId = Disk.State.GroupId;
            Send(follower, to => to.OnJoinAnswer(epoch, extent, groupId, life));
        }
    }

    private void OnJoinAnswer(long epoch, LogExtent master, string groupId, int life)
    {
        // That it is not an older master's answer, which comes late, is what the member says.
        if (life != _life || _followed is null || _joined || _joining || !_process!.BelongsTo(groupId) || !_process.TryFollow(epoch))
        {
            return;
        }

        int term = _term;

        JoinPlan plan = _process.PlanJoin(new LogExtent(Disk.Epochs, 0, Disk.Log.Count), master);
        if (plan.Refusal is { } refusal)
        {
            throw new RuleBrokenException($"{Name} is refused by the master of epoch {epoch}: {refusal}");
        }

        _joining = true;
        AfterHere(DiskTime(0.5, 10), () =>
        {
            if (term != _term)
            {
                return;
            }

            _joining = false;
            if (plan.Cuts)
            {
                _group.Checker.OnCutting(this, plan.At);
                Disk.Cut((int)plan.At, _options.KeepsDiverged);
                _dispatched = Math.Min(_dispatched, Disk.Log.Count);
            }

            Disk.Epochs = plan.Epochs;
            _process!.OnJoined(groupId);
            _joined = true;
            Fetch(term);
        });
    }

    private void Fetch(int term)
    {
        if (term != _term || !_joined || _followed is not { } followed)
        {
            return;
        }

        SendFetch(followed);
        AfterHere(AskAgain, () => Fetch(term));
    }

    private void SendFetch(LeaseRecord followed)
    {
        if (_group.Find(followed.Holder) is { } master)
        {
            MemberCopy copy = Copy;
            int from = Disk.Log.Count;
            long has = LogEnd.Offset;
            Send(master, to => to.OnFetch(this, copy, followed.Epoch, from, has));
        }
    }

    private void OnFetch(SimMember follower, MemberCopy copy, long epoch, int from, long has)
    {
        _process!.OnAcknowledged(copy, epoch, has);
        if (_begunEpoch == epoch && _process.HeldEpoch == epoch)
        {
            _parked[follower._number] = (copy, epoch, from);
            ServeParked();
        }
    }

    private void ServeParked()
    {
        foreach ((int number, (MemberCopy _, long epoch, int from)) in _parked.ToArray())
        {
            if (epoch == _begunEpoch && from < Disk.Log.Count)
            {
                SimEntry[] entries = [.. Disk.Log.Skip(from).Take(BatchEntries)];
                EpochEntry[] epochs = [.. Disk.Epochs.Between(from, from + entries.Length)];
                bool serves = _process!.LeadingEpoch == epoch;
                _parked.Remove(number);
                Send(_group.Members[number], to => to.OnData(epoch, from, entries, epochs, serves));
            }
        }
    }

    private void OnData(long epoch, int from, SimEntry[] entries, EpochEntry[] epochs, bool masterServes)
    {
        if (!_process!.TryFollow(epoch) || !_joined || _followed is not { } followed || from != Disk.Log.Count)
        {
            return;
        }

        if (masterServes)
        {
            OnMasterServes(epoch);
        }

        foreach (EpochEntry begun in epochs.Where(begun => Disk.Epochs.Entries.Count == 0 || begun.Epoch > Disk.Epochs.Entries[^1].Epoch))
        {
            Disk.Epochs = Disk.Epochs.Begin(begun.Epoch, begun.Start);
        }

        Disk.Log.AddRange(entries);
        if (_options.FlushesBeforeAnswer)
        {
            FlushSoon();
        }
        else
        {
            int term = _term;
            AfterHere(DiskTime(0.05, 2), () =>
            {
                if (term == _term && _joined)
                {
                    SendFetch(followed);
                }
            });
        }
    }

    private void Tell(SimMember asker, MemberAnswer answer, long round) => Send(asker, to => to._process!.OnAnswer(round, answer));

    private void FlushSoon()
    {
        if (_flushing)
        {
            return;
        }

        _flushing = true;
        int term = _term;
        int end = Disk.Log.Count;
        AfterHere(DiskTime(1, 15), () =>
        {
            _flushing = false;
            Disk.Durable = Math.Max(Disk.Durable, Math.Min(end, Disk.Log.Count));
            OnWritten();
            if (term == _term && _joined && _followed is { } followed)
            {
                SendFetch(followed);
            }

            if (Disk.Durable < Disk.Log.Count)
            {
                FlushSoon();
            }
        });
    }

    private void SayThatItServes()
    {
        if (_process!.LeadingEpoch is not { } epoch || epoch != _begunEpoch)
        {
            return;
        }

        foreach (int number in _parked.Keys)
        {
            Send(_group.Members[number], to => to.OnMasterServes(epoch));
        }
    }

    private void OnMasterServes(long epoch)
    {
        if (_joined && _followed?.Epoch == epoch)
        {
            HearsSince = MasterSilence < TimeSpan.FromSeconds(5) ? HearsSince : _world.Now;
            _servedAt = Clock.GetTimestamp();
        }
    }

    private void FlushLater() => AfterHere(_world.Between(100, 900), () =>
    {
        Disk.Durable = Disk.Log.Count;
        FlushLater();
    });

    private void TickLater() => AfterHere(_world.Between(80, 160), () =>
    {
        TickLater();
        if (HasFailed)
        {
            TellFailed("the store has failed");
        }

        _process!.Tick();
        SayThatItServes();
        if (_followed is not null)
        {
            // Dispatch follows the log at some distance.
            _dispatched = Math.Max(_dispatched, Disk.Log.Count - _world.Random.Next(4));
        }

        Answer();
    });

    private TimeSpan DiskTime(double minMs, double maxMs) => _world.Between(minMs, maxMs) * DiskFactor;

    private void Send(SimMember other, Action<SimMember> arrives) => _group.Network.Send(_number, other._number, () => other.InProcess(other._life, () => arrives(other)));

    /// <summary>An answer that comes to this process, if it is still this one.</summary>
    private void Here(Action<Action<Action>> asks)
    {
        int life = _life;
        asks(happens => InProcess(life, happens));
    }

    private void AfterHere(TimeSpan delay, Action happens)
    {
        int life = _life;
        _world.After(delay, () => InProcess(life, happens));
    }

    /// <summary>What happens to a process that stands still happens when it goes on; to one that is gone, never.</summary>
    private void InProcess(int life, Action happens)
    {
        if (life != _life || _process is null)
        {
            return;
        }

        if (IsPaused)
        {
            _world.After(_pausedUntil - _world.Now, () => InProcess(life, happens));
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
    }

    private readonly record struct Pending(int Id, long Epoch, int End, TimeSpan Since);
}
