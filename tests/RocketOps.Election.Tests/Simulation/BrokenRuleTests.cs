using System.Globalization;
using System.Text;
using RocketOps.Election.Members;
using RocketOps.Testing;
using Xunit.Abstractions;

namespace RocketOps.Election.Tests.Simulation;

/// <summary>
/// A simulation that finds nothing proves nothing: here each rule is broken, one at a time, and the schedules must notice. docs/replication.md has the table; each line of it is a line here, or a test of a member step by step (<see cref="RocketOps.Election.Tests.Members.MemberTest"/>) where random faults hardly ever lead.
/// </summary>
public sealed class BrokenRuleTests(ITestOutputHelper output)
{
    private const int MostSchedules = 1500;

    /// <summary>
    /// What the rule says, in the order of the design; the rule, broken; faults that provoke it, words of what the schedule ends in, and the first seed: the one that was found to show it, so that a build need not look for it again. Others are tried after it, and after one that ends in something else.
    /// </summary>
    private static readonly Dictionary<string, (string Says, GroupRules Rules, Func<SimOptions, SimOptions> Faults, string Ends, int First)> Table = new(StringComparer.Ordinal)
    {
        [nameof(BrokenRules.ComparesRenewTimeWithOwnClock)] = ("Observers measure by their own monotonic clock from the last change they saw", new BrokenRules.ComparesRenewTimeWithOwnClock(), static options => options with { WallClock = 10 }, "leads in epoch", 820),
        [nameof(BrokenRules.CountsFromTheLease)] = ("Every acquisition is a new epoch, with a floor in each member's store", new BrokenRules.CountsFromTheLease(), static options => options with { LeaseDeleted = 3 }, "has two masters", 1),
        [nameof(SimOptions.PersistsPromise)] = ("The floor outlives the process", new GroupRules(), static options => options with { PersistsPromise = false, LeaseDeleted = 2 }, "has two masters", 20),
        [nameof(SimOptions.LeaseStoreComparesVersions)] = ("Acquisitions and changes of the in-sync set are compare-and-swap", new GroupRules(), static options => options with { LeaseStoreComparesVersions = false, LeaseSlow = 0.1 }, "has two masters", 2),
        [nameof(BrokenRules.BelievesAnOldLease)] = ("A deleted or restored Lease cannot set the epoch back", new BrokenRules.BelievesAnOldLease(), static options => options with { LeaseSetBack = 5, Partition = 6 }, "leads in epoch", 2),
        [nameof(BrokenRules.AsksNobodyWhatWasSeen)] = ("… also of those who know better", new BrokenRules.AsksNobodyWhatWasSeen(), static options => options with { LeaseSetBack = 30, Kill = 20, Mode = ReplicationMode.Sync }, "and does not have message", 12),
        [nameof(BrokenRules.FoundsWithWhoeverIsThere)] = ("A Lease that is gone is founded with all members there", new BrokenRules.FoundsWithWhoeverIsThere(), static options => options with { LeaseDeleted = 3 }, "has two masters", 126),
        [nameof(BrokenRules.FoundsBesideAMaster)] = ("… with none of them leading", new BrokenRules.FoundsBesideAMaster(), static options => options with { LeaseDeleted = 3 }, "leads in epoch", 29),
        [nameof(BrokenRules.FoundsWithoutALostStore)] = ("… and all with their stores", new BrokenRules.FoundsWithoutALostStore(), static options => options with { LeaseDeleted = 3, Wipe = 3 }, "and does not have message", 480),
        [nameof(BrokenRules.AcknowledgesBeforeTheChangeIsWritten)] = ("The in-sync set is changed before an acknowledgement relies on it", new BrokenRules.AcknowledgesBeforeTheChangeIsWritten(), static options => options with { LeaseSlow = 0.3, Partition = 8 }, "although it is in sync", 8),
        [nameof(BrokenRules.ForgetsOpenChanges)] = ("… also when the answer to the change has not come", new BrokenRules.ForgetsOpenChanges(), static options => options with { LeaseSlow = 0.3, Kill = 8 }, "although it is in sync", 12),
        [nameof(BrokenRules.TakesNewcomersForInSync)] = ("In sync is who has everything confirmed", new BrokenRules.TakesNewcomersForInSync(), static options => options, "is taken for in sync", 12),
        [nameof(BrokenRules.TakesThoseWithConfirmedForInSync)] = ("… and everything of earlier epochs", new BrokenRules.TakesThoseWithConfirmedForInSync(), static options => options with { Kill = 10 }, "is taken for in sync", 3),
        [nameof(BrokenRules.BeginsWithEverybodyInSync)] = ("A new master begins with the copies that were in sync", new BrokenRules.BeginsWithEverybodyInSync(), static options => options, "is taken for in sync", 1),
        [nameof(BrokenRules.WaitsForOneCopy)] = ("Acknowledged in sync mode is what every in-sync member has", new BrokenRules.WaitsForOneCopy(), static options => options, "although it is in sync", 1),
        [nameof(BrokenRules.WaitsForNobody)] = ("… and not the master alone", new BrokenRules.WaitsForNobody(), static options => options, "although it is in sync", 1),
        [nameof(BrokenRules.IgnoresTheMinimum)] = ("Fewer in sync than the minimum: refused", new BrokenRules.IgnoresTheMinimum(), static options => options with { MinInSync = 2, Mode = ReplicationMode.Sync }, "are asked for", 2),
        [nameof(BrokenRules.LetsAnyCopyLead)] = ("Only an in-sync member takes the lease", new BrokenRules.LetsAnyCopyLead(), static options => options, "and does not have message", 141),
        [nameof(BrokenRules.BelievesAStoreThatWasPutBack)] = ("… and that has what was confirmed since", new BrokenRules.BelievesAStoreThatWasPutBack(), static options => options with { GoBack = 6, LeaseDeleted = 0, LeaseSetBack = 0, Mode = ReplicationMode.Sync }, "and does not have message", 17),
        [nameof(BrokenRules.KnowsMembersOnlyByName)] = ("… and only with the store that was in sync", new BrokenRules.KnowsMembersOnlyByName(), static options => options with { Wipe = 4 }, "and does not have message", 477),
        [nameof(BrokenRules.TakesWhoeverIsFirst)] = ("Among them the longest log goes first", new BrokenRules.TakesWhoeverIsFirst(), static options => options with { Loss = 0, SlowDisk = 6 }, "is there and has", 1621),
        [nameof(BrokenRules.RecoversWithWhoeverIsThere)] = ("After a power cut of all in sync, all members are asked", new BrokenRules.RecoversWithWhoeverIsThere(), static options => options with { PowerCut = 4, FlushesBeforeAnswer = false }, "and does not have message", 20),
        [nameof(BrokenRules.RecoversFromALostStore)] = ("… and none may have lost its store", new BrokenRules.RecoversFromALostStore(), static options => options with { Wipe = 4 }, "and does not have message", 20),
        [nameof(SimOptions.NoticesLostWrites)] = ("A store that lost writes knows it", new GroupRules(), static options => options with { NoticesLostWrites = false, PowerCut = 5, FlushesBeforeAnswer = false }, "and does not have message", 241),
        [nameof(BrokenRules.TakesAnyPermissionForThisEpoch)] = ("Unclean promotion only in the epoch a person named", new BrokenRules.TakesAnyPermissionForThisEpoch(), static options => options with { LeaseEdited = 5 }, "and does not have message", 2),
        [nameof(BrokenRules.ChecksTheLeaseOnArrivalOnly)] = ("The lease is checked at the moment of acknowledging", new BrokenRules.ChecksTheLeaseOnArrivalOnly(), static options => options with { Pause = 20, Mode = ReplicationMode.Async, MinInSync = 1, FaultEveryMs = 1500 }, "leads in epoch", 104),
        [nameof(BrokenRules.TrustsTheMonotonicClockAlone)] = ("… by both clocks, as a suspended machine stops one of them", new BrokenRules.TrustsTheMonotonicClockAlone(), static options => options with { Suspend = 20 }, "leads in epoch", 11),
        [nameof(BrokenRules.GoesOnWithoutAskingCopies)] = ("… and counts where no copy is asked: an async group refuses without its lease", new BrokenRules.GoesOnWithoutAskingCopies(), static options => options with { LeaseCut = 40, Mode = ReplicationMode.Async, MinInSync = 1, FaultEveryMs = 1500 }, "leads in epoch", 20),
        [nameof(BrokenRules.BelievesACopyForEver)] = ("Without its lease a master serves while every copy in sync follows", new BrokenRules.BelievesACopyForEver(), static options => options with { LeaseCut = 20, Partition = 20, OneWayPartition = 10, FaultEveryMs = 1500, Mode = ReplicationMode.Sync }, "long after", 4712),
        [nameof(BrokenRules.RunsBesideAMaster)] = ("Who follows a master that serves does not run for its lease", new BrokenRules.RunsBesideAMaster(), static options => options with { LeaseCut = 20, Mode = ReplicationMode.Sync }, "although it hears it serve", 2),
        [nameof(BrokenRules.ContinuesWhereItsLogEnds)] = ("On joining, the log is cut to the last common point", new BrokenRules.ContinuesWhereItsLogEnds(), static options => options, "although it is in sync", 33),
        [nameof(BrokenRules.KeepsEpochsItHasNothingOf)] = ("… and epochs it has nothing of are forgotten", new BrokenRules.KeepsEpochsItHasNothingOf(), static options => options with { PersistFails = 0.15, HandOver = 20, Kill = 10, FaultEveryMs = 800 }, "takes message", 1174),
        [nameof(SimOptions.KeepsDiverged)] = ("What is cut off is kept", new GroupRules(), static options => options with { KeepsDiverged = false }, "have vanished", 5),
        [nameof(BrokenRules.TakesWhatWasHandedToAnother)] = ("A lease that was handed over is its successor's", new BrokenRules.TakesWhatWasHandedToAnother(), static options => options with { HandOver = 10 }, "handed over", 1),
        [nameof(BrokenRules.HandsOverAtOnce)] = ("The successor has everything before it is named", new BrokenRules.HandsOverAtOnce(), static options => options with { HandOver = 10 }, "hands over", 29),
        [nameof(BrokenRules.KnowsBeforeItHasWritten)] = ("A promise is written before it is known", new BrokenRules.KnowsBeforeItHasWritten(), static options => options with { PersistFails = 0.3, Kill = 20, LeaseDeleted = 3 }, "epoch", 687),
        [nameof(SimOptions.WaitsForPromises)] = ("… however long the disk takes", new GroupRules(), static options => options with { WaitsForPromises = false, HungDiskEveryMs = 4000 }, "on its disk", 11),
        [nameof(SimOptions.ReportsWhatIsSafe)] = ("A copy says what it has written, not what it has received", new GroupRules(), static options => options with { ReportsWhatIsSafe = false, HungDiskEveryMs = 4000, HungDisks = SimHungDisks.OfFollowers, FlushesBeforeAnswer = false, Mode = ReplicationMode.Sync }, "does not have", 4),
        [nameof(BrokenRules.WaitsForAHungDiskForEver)] = ("A master whose disk hangs leaves the lease to a copy that can lead", new BrokenRules.WaitsForAHungDiskForEver(), static options => options with { HungDiskEveryMs = 4000, HungDisks = SimHungDisks.OfMasters }, "waited for the disk", 1),
        [nameof(BrokenRules.WaitsForAnEpochForEver)] = ("… and one whose epoch does not begin", new BrokenRules.WaitsForAnEpochForEver(), static options => SimOptions.ForHungDisks(SimHungDisks.OfCandidates, options.FlushesBeforeAnswer) with { LongestPause = HungDiskTests.LongestFailover }, "nothing was acknowledged", 11),
        [nameof(BrokenRules.NeverGivesWay)] = ("A master that is cut off from its copies hands over when one of them asks by the lease", new BrokenRules.NeverGivesWay(), static _ => SimOptions.ForMinorities(copiesCut: 1, fullDisk: 0) with { LongestPause = MinorityTests.LongestCut }, "nothing was acknowledged", 1),
        [nameof(BrokenRules.RemembersWhatACopyHad)] = ("What a copy has is what it has said since it joined", new BrokenRules.RemembersWhatACopyHad(), static options => options with { Wipe = 8, NoticesLostWrites = false, Mode = ReplicationMode.Sync }, "although it is in sync", 18),
        [nameof(SimOptions.MissesEpochs)] = ("A log whose epochs are gone is nobody's copy", new GroupRules(), static options => options with { MissesEpochs = false, FileLost = 6 }, "cuts its log at 0", 1305),
        [nameof(SimOptions.NotesEpochsFirst)] = ("Epochs are noted before their bytes come", new GroupRules(), static options => options with { NotesEpochsFirst = false, Kill = 15, FaultEveryMs = 800 }, "takes message", 1),
        [nameof(SimOptions.TicketsEndWithEpochs)] = ("A ticket opens the replication port in its epoch alone", new GroupRules(), static options => options with { TicketsEndWithEpochs = false, Loss = 0.3, LeaseCut = 10, LeaseDeleted = 30, Kill = 10, FaultEveryMs = 600, Faults = TimeSpan.FromSeconds(90) }, "takes message", 26),
        [nameof(SimOptions.ShowsConfirmedOnly)] = ("Consumers see what all copies in sync have", new GroupRules(), static options => options with { ShowsConfirmedOnly = false }, "was read before", 33),
        [nameof(SimOptions.TellsWhatRests)] = ("What was delivered is told others when all copies in sync have it", new GroupRules(), static options => options with { TellsWhatRests = false, TablesWaitForLog = false }, "has delivered", 357),
        [nameof(BrokenRules.TakesMessagesBeforeItHasBegun)] = ("A promoted member finishes dispatch before it opens for writes", new BrokenRules.TakesMessagesBeforeItHasBegun(), static options => options, "takes message", 3785),
    };

    public static TheoryData<string> Rules
    {
        get
        {
            TheoryData<string> rules = [];
            foreach (string rule in Table.Keys)
            {
                rules.Add(rule);
            }

            return rules;
        }
    }

    [Theory]
    [MemberData(nameof(Rules))]
    public void Schedules_WithARuleBroken_AreCaught(string rule)
    {
        (_, GroupRules rules, Func<SimOptions, SimOptions> faults, string ends, int first) = Table[rule];

        for (int seed = first; seed < first + MostSchedules; seed++)
        {
            try
            {
                SimGroup.Run(seed, faults(SimOptions.For(seed)), rules);
            }
            catch (RuleBrokenException broken)
            {
                output.WriteLine($"CAUGHT {rule} after {seed}: {broken.Message.Split('\n')[0]}");
                if (!broken.Message.Split('\n')[0].Contains(ends, StringComparison.Ordinal))
                {
                    continue;
                }

                // The same schedule with the rule in place ends well: the rule is what was missed.
                SimGroup.Run(seed, Intact(faults(SimOptions.For(seed))));
                return;
            }
        }

        Assert.Fail($"none of {MostSchedules} schedules ended in '{ends}'");
    }

    /// <summary>The table of docs/broken-rules.md is what the schedules end in today; <c>ROCKETOPS_WRITE_DOCS=1</c> writes it.</summary>
    [Fact]
    public void Page_OfBrokenRules_TellsWhatTheirSchedulesEndIn()
    {
        string path = Path.Combine(SharedKits.RepositoryRoot, "docs", "broken-rules.md");
        string page = File.ReadAllText(path);
        int begin = page.IndexOf("| rule |", StringComparison.Ordinal);
        StringBuilder table = new("| rule | broken as | schedule | what the simulation says |\n| --- | --- | --- | --- |\n");
        foreach ((string name, (string says, GroupRules rules, Func<SimOptions, SimOptions> faults, _, int first)) in Table)
        {
            string verdict = "not noticed";
            try
            {
                SimGroup.Run(first, faults(SimOptions.For(first)), rules);
            }
            catch (RuleBrokenException broken)
            {
                verdict = broken.Message.Split('\n')[0].Split(": ", 2)[1];
            }

            table.Append(CultureInfo.InvariantCulture, $"| {says} | `{name}` | {first} | {verdict} |\n");
        }

        string written = page[..begin] + table;
        if (Environment.GetEnvironmentVariable("ROCKETOPS_WRITE_DOCS") == "1")
        {
            File.WriteAllText(path, written);
            return;
        }

        written.Should().NotContain("not noticed");
        page.Should().Be(written, "ROCKETOPS_WRITE_DOCS=1 writes it");
    }

    /// <summary><c>ROCKETOPS_FIND_FIRST=8000</c> looks for the first seeds of the table among so many, with <c>ROCKETOPS_FIND_RULE</c> for one of its rules: after a change of what the schedules are made of.</summary>
    [Fact]
    public void FirstSeeds_WhereTheyAreAskedFor_AreLookedForAnew()
    {
        string? only = Environment.GetEnvironmentVariable("ROCKETOPS_FIND_RULE");
        int most = int.TryParse(Environment.GetEnvironmentVariable("ROCKETOPS_FIND_FIRST"), NumberStyles.None, CultureInfo.InvariantCulture, out int asked) ? asked : 0;
        Lock one = new();
        Parallel.ForEach(Table.Where(row => only is null || row.Key == only), new ParallelOptions { MaxDegreeOfParallelism = most > 0 ? Environment.ProcessorCount : 1 }, row =>
        {
            (_, GroupRules rules, Func<SimOptions, SimOptions> faults, string ends, _) = row.Value;
            int? first = Enumerable.Range(1, most).Cast<int?>().FirstOrDefault(seed => Find(seed!.Value, faults, rules)?.Contains(ends, StringComparison.Ordinal) == true && Find(seed.Value, options => Intact(faults(options)), new GroupRules()) is null);
            lock (one)
            {
                output.WriteLine($"FIRST {row.Key} {first?.ToString(CultureInfo.InvariantCulture) ?? "none"}");
            }
        });
    }

    private static string? Find(int seed, Func<SimOptions, SimOptions> faults, GroupRules rules)
    {
        try
        {
            SimGroup.Run(seed, faults(SimOptions.For(seed)), rules);
            return null;
        }
        catch (RuleBrokenException broken)
        {
            return broken.Message.Split('\n')[0];
        }
    }

    private static SimOptions Intact(SimOptions options) =>
        options with
        {
            LeaseStoreComparesVersions = true,
            KeepsDiverged = true,
            PersistsPromise = true,
            NoticesLostWrites = true,
            MissesEpochs = true,
            NotesEpochsFirst = true,
            TicketsEndWithEpochs = true,
            ShowsConfirmedOnly = true,
            TellsWhatRests = true,
            TablesWaitForLog = true,
            ReportsWhatIsSafe = true,
            WaitsForPromises = true,
        };
}
