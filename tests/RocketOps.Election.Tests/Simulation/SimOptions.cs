using RocketOps.Election.Members;

namespace RocketOps.Election.Tests.Simulation;

/// <summary>What a schedule is made of. Weights are relative; 0 leaves a fault out.</summary>
internal sealed record SimOptions
{
    public int Members { get; init; } = 3;

    public ReplicationMode Mode { get; init; } = ReplicationMode.Sync;

    public int MinInSync { get; init; } = 2;

    /// <summary>Acknowledged is on the disk; otherwise in the kernel, which a power cut takes.</summary>
    public bool FlushesBeforeAnswer { get; init; }

    public TimeSpan Faults { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Before the first one.</summary>
    public TimeSpan Undisturbed { get; init; }

    public TimeSpan Healing { get; init; } = TimeSpan.FromSeconds(36);

    /// <summary>Between two faults, in the middle.</summary>
    public double FaultEveryMs { get; init; } = 2500;

    public double Kill { get; init; } = 4;

    public double PowerCut { get; init; } = 1;

    public double Wipe { get; init; } = 0.3;

    /// <summary>A file beside the log is gone.</summary>
    public double FileLost { get; init; } = 0.2;

    /// <summary>A disk goes back in time: to a copy of itself.</summary>
    public double GoBack { get; init; }

    public double Pause { get; init; } = 3;

    public double Suspend { get; init; } = 1;

    public double Partition { get; init; } = 3;

    /// <summary>The master reaches the lease and no copy, for half a minute.</summary>
    public double CopiesCut { get; init; }

    /// <summary>The master's disk has no room, for half a minute.</summary>
    public double FullDisk { get; init; }

    public double OneWayPartition { get; init; } = 2;

    public double LeaseCut { get; init; } = 3;

    public double LeaseOutage { get; init; } = 0.7;

    public TimeSpan LongestOutage { get; init; } = TimeSpan.FromSeconds(12);

    /// <summary>In async mode (<see cref="GroupOptions.ServesWithoutLease"/>).</summary>
    public bool ServesWithoutLease { get; init; }

    public double LeaseDeleted { get; init; } = 0.4;

    public double LeaseEdited { get; init; } = 0.5;

    public double LeaseSetBack { get; init; } = 0.15;

    public double WallClock { get; init; } = 1;

    public double SlowDisk { get; init; } = 2;

    /// <summary>Between two disks that hang, in the middle; 0 for none.</summary>
    public double HungDiskEveryMs { get; init; }

    public SimHungDisks HungDisks { get; init; }

    /// <summary>Longer than that it never takes until something is acknowledged again. Null where faults may come one after the other.</summary>
    public TimeSpan? LongestPause { get; init; }

    public double HandOver { get; init; } = 2;

    /// <summary>A store that cannot go on until its process is started again.</summary>
    public double HostFails { get; init; } = 1;

    /// <summary>Of writes of a member's promises that fail.</summary>
    public double PersistFails { get; init; } = 0.02;

    /// <summary>Members are added and taken out, one after the other, each by restarting the others with another list.</summary>
    public double MemberChange { get; init; }

    /// <summary>Machines that may become members.</summary>
    public int Spares { get; init; }

    /// <summary>Of messages between members.</summary>
    public double Loss { get; init; } = 0.01;

    /// <summary>Of messages that arrive seconds later.</summary>
    public double Late { get; init; } = 0.005;

    /// <summary>Of requests to the lease and of answers that take seconds.</summary>
    public double LeaseSlow { get; init; } = 0.01;

    /// <summary>How much faster or slower than true time a monotonic clock may run.</summary>
    public double ClockDrift { get; init; } = 0.02;

    /// <summary>Rules of the members' surroundings, broken for a test.</summary>
    public bool LeaseStoreComparesVersions { get; init; } = true;

    public bool KeepsDiverged { get; init; } = true;

    public bool PersistsPromise { get; init; } = true;

    public bool NoticesLostWrites { get; init; } = true;

    public bool MissesEpochs { get; init; } = true;

    public bool NotesEpochsFirst { get; init; } = true;

    public bool TicketsEndWithEpochs { get; init; } = true;

    public bool ShowsConfirmedOnly { get; init; } = true;

    public bool TellsWhatRests { get; init; } = true;

    public bool TablesWaitForLog { get; init; } = true;

    public bool ReportsWhatIsSafe { get; init; } = true;

    public bool WaitsForPromises { get; init; } = true;

    /// <summary>A schedule of its own kind for each seed.</summary>
    public static SimOptions For(int seed)
    {
        Random random = new(seed ^ 0x5EED);
        int drawn = random.Next(3, 6);
        int members = seed % 5 == 0 ? 2 : drawn;
        bool isSync = random.Next(4) != 0;
        return new SimOptions
        {
            Members = members,
            Mode = isSync ? ReplicationMode.Sync : ReplicationMode.Async,
            MinInSync = isSync ? random.Next(1, 3) : 1,
            FlushesBeforeAnswer = random.Next(2) == 0,
            FaultEveryMs = random.Next(3) switch { 0 => 1200, 1 => 2500, _ => 6000 },
            Loss = random.Next(3) switch { 0 => 0, 1 => 0.01, _ => 0.05 },
        };
    }

    /// <summary>As <see cref="For"/>, every second time of machines whose disks may hang too.</summary>
    public static SimOptions ForAll(int seed) => WithHangs(seed, For(seed)) with { CopiesCut = 1, FullDisk = 1 };

    /// <summary>Nothing goes wrong, but one kind of fault every minute, in a group that goes on with two of its three copies.</summary>
    public static SimOptions ForMinorities(double copiesCut, double fullDisk) => ForOutages(ReplicationMode.Sync, TimeSpan.FromMinutes(1)) with
    {
        LeaseOutage = 0,
        LeaseSlow = 0,
        MinInSync = 2,
        CopiesCut = copiesCut,
        FullDisk = fullDisk,
    };

    /// <summary>Nothing goes wrong, but that disks hang.</summary>
    public static SimOptions ForHungDisks(SimHungDisks whose, bool flushesBeforeAnswer) => ForOutages(ReplicationMode.Sync, TimeSpan.FromMinutes(3)) with
    {
        LeaseOutage = 0,
        LeaseSlow = 0,
        HungDiskEveryMs = whose == SimHungDisks.OfCandidates ? 40_000 : 20_000,
        HungDisks = whose,
        FlushesBeforeAnswer = flushesBeforeAnswer,
        Faults = TimeSpan.FromMinutes(3),
    };

    /// <summary>Nothing goes wrong, but that the lease cannot be reached for long.</summary>
    public static SimOptions ForOutages(ReplicationMode mode, TimeSpan longest) => new()
    {
        Mode = mode,
        MinInSync = 1,
        LongestOutage = longest,
        LeaseOutage = 1,
        FaultEveryMs = longest.TotalMilliseconds,
        Faults = TimeSpan.FromMinutes(10),

        // Who is not in sync yet when the lease store goes cannot be taken for it until it is back.
        Undisturbed = TimeSpan.FromSeconds(10),
        Kill = 0,
        PowerCut = 0,
        Wipe = 0,
        FileLost = 0,
        Pause = 0,
        Suspend = 0,
        Partition = 0,
        OneWayPartition = 0,
        LeaseCut = 0,
        LeaseDeleted = 0,
        LeaseEdited = 0,
        LeaseSetBack = 0,
        WallClock = 0,
        SlowDisk = 0,
        HandOver = 0,
        HostFails = 0,
        PersistFails = 0,
        Loss = 0,
        Late = 0,
    };

    /// <summary>As <see cref="For"/>, of a group that also grows and shrinks.</summary>
    public static SimOptions ForChanges(int seed) =>
        WithHangs(seed, For(seed)) with { Members = 2 + (seed % 3), Spares = 2, MemberChange = 6, Faults = TimeSpan.FromSeconds(60), Healing = TimeSpan.FromSeconds(90) };

    /// <summary>
    /// As <see cref="ForAll"/>, and disks go back in time. The lease does not go with them: when all of them went back, it alone knows.
    /// </summary>
    public static SimOptions ForOldDisks(int seed) => ForAll(seed) with { GoBack = 6, LeaseDeleted = 0, LeaseSetBack = 0 };

    private static SimOptions WithHangs(int seed, SimOptions options) => seed % 2 == 0 ? options with { HungDiskEveryMs = 10_000 } : options;
}
