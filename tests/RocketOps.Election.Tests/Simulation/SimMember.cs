using System.Globalization;
using RocketOps.Election.Leases;
using RocketOps.Election.Members;

namespace RocketOps.Election.Tests.Simulation;

/// <summary>A machine with one member: its disk, its clocks, and the process on it (<see cref="SimBroker"/>), which dies and is started again.</summary>
internal sealed class SimMember
{
    private readonly SimGroup _group;
    private readonly GroupRules _rules;
    private TimeSpan _pausedUntil;

    public SimMember(SimGroup group, int number, SimClock clock, GroupRules rules)
    {
        _group = group;
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

    /// <summary>The process; null while there is none.</summary>
    public SimBroker? Broker { get; private set; }

    public bool IsUp => Broker is not null;

    /// <summary>Its kernel answers, also when there is no process.</summary>
    public bool HasPower { get; private set; } = true;

    /// <summary>Its store cannot go on; the process has to be started again.</summary>
    public bool HasFailed => Broker is { HasFailed: true };

    /// <summary>When its process was told last that it cannot lead.</summary>
    public TimeSpan FailedAt { get; set; } = TimeSpan.MinValue;

    /// <summary>Since when the process runs without having stood still.</summary>
    public TimeSpan RunsSince { get; private set; }

    /// <summary>Since when it has heard its master serve, again and again.</summary>
    public TimeSpan HearsSince { get; set; }

    public GroupMember? Process => Broker?.Member;

    public bool TakesMessages => Broker is { TakesMessages: true } && !IsPaused;

    public bool IsPaused => _group.World.Now < _pausedUntil;

    public TimeSpan PauseLeft => _pausedUntil - _group.World.Now;

    public MemberCopy Copy => new(Name, Disk.State.Incarnation);

    public LogEnd LogEnd => Broker?.LogEnd ?? default;

    public TimeSpan MasterSilence => Broker?.MasterSilence ?? TimeSpan.MaxValue;

    public static string NameOf(int number) => "m" + number.ToString(CultureInfo.InvariantCulture);

    public static string AddressOf(string name) => name + ":10911";

    /// <summary>Its disk hangs, or has done so since then.</summary>
    public bool HasHungSince(TimeSpan time) => Disk.Hang != SimHang.None || Disk.WentOnAt > time;

    public void Start()
    {
        HasPower = true;
        RunsSince = _group.World.Now;
        Peers = Configured;
        try
        {
            Broker = new SimBroker(_group, this, _rules);
        }
        catch (InvalidDataException refused)
        {
            _group.Note(this, $"does not start: {refused.Message}");
            _group.Faults.MustMoveAway(this);
            return;
        }

        Broker.Start();
    }

    public void Kill()
    {
        Broker?.Die(tells: true);
        Broker = null;
        _pausedUntil = TimeSpan.Zero;
        if (Disk.Written < Disk.Log.Count)
        {
            Disk.LoseProcess(survives: _group.World.Random.Next(Disk.Written, Disk.Log.Count + 1));
        }

        // With what it was asked by nobody any more.
        Disk.GoOn(_group.World.Now);
    }

    /// <summary>As <see cref="Kill"/>, and nobody tells the others.</summary>
    public void LosePower()
    {
        Broker?.Die(tells: false);
        Kill();
        HasPower = false;
    }

    /// <summary>Everything that happens to it meanwhile happens afterwards.</summary>
    public void Pause(TimeSpan time, bool stopsClock)
    {
        _pausedUntil = _group.World.Now + time;
        if (stopsClock)
        {
            // The clock is read by nobody before it goes on.
            Clock.Suspend(time);
        }

        RunsSince = _pausedUntil;
    }

    public void OnLeaseWatched(VersionedLease? lease) => Broker?.Tell(member => member.OnLeaseWatched(lease));
}
