using RocketOps.Replication.Members;
using RocketOps.Replication.Rules;
using Xunit.Abstractions;

namespace RocketOps.Replication.Tests.Simulation;

/// <summary>
/// A simulation that finds nothing proves nothing: here each rule is broken, one at a time, and the schedules must notice. docs/replication.md has the table; each line of it is a line here, or a test of <see cref="Members.GroupMemberTests"/> where random faults hardly ever lead.
/// </summary>
public sealed class BrokenRuleTests(ITestOutputHelper output)
{
    private const int MostSchedules = 1500;

    /// <summary>
    /// Rule, faults that provoke it, words of what the schedule ends in, and the first seed: the one that was found to show it, so that a build need not look for it again. Others are tried after it.
    /// </summary>
    private static readonly Dictionary<string, (GroupRules Rules, Func<SimOptions, SimOptions> Faults, string Ends, int First)> Table = new(StringComparer.Ordinal)
    {
        [nameof(BrokenRules.ComparesRenewTimeWithOwnClock)] = (new BrokenRules.ComparesRenewTimeWithOwnClock(), static options => options with { WallClock = 10 }, "leads in epoch", 1),
        [nameof(BrokenRules.CountsFromTheLease)] = (new BrokenRules.CountsFromTheLease(), static options => options with { LeaseDeleted = 3 }, "", 1),
        [nameof(BrokenRules.LetsAnyCopyLead)] = (new BrokenRules.LetsAnyCopyLead(), static options => options, "acknowledged", 37),
        [nameof(BrokenRules.KnowsMembersOnlyByName)] = (new BrokenRules.KnowsMembersOnlyByName(), static options => options with { Wipe = 4 }, "acknowledged", 1),
        [nameof(BrokenRules.BelievesAnOldLease)] = (new BrokenRules.BelievesAnOldLease(), static options => options with { LeaseSetBack = 5, Partition = 6 }, "", 10),
        [nameof(BrokenRules.FoundsWithWhoeverIsThere)] = (new BrokenRules.FoundsWithWhoeverIsThere(), static options => options with { LeaseDeleted = 3 }, "", 11),
        [nameof(BrokenRules.FoundsWithoutALostStore)] = (new BrokenRules.FoundsWithoutALostStore(), static options => options with { LeaseDeleted = 3, Wipe = 3 }, "", 138),
        [nameof(BrokenRules.FoundsBesideAMaster)] = (new BrokenRules.FoundsBesideAMaster(), static options => options with { LeaseDeleted = 3 }, "leads in epoch", 1),
        [nameof(BrokenRules.RecoversWithWhoeverIsThere)] = (new BrokenRules.RecoversWithWhoeverIsThere(), static options => options with { PowerCut = 4, FlushesBeforeAnswer = false }, "acknowledged", 8),
        [nameof(BrokenRules.RecoversFromALostStore)] = (new BrokenRules.RecoversFromALostStore(), static options => options with { Wipe = 4 }, "acknowledged", 22),
        [nameof(BrokenRules.TakesAnyPermissionForThisEpoch)] = (new BrokenRules.TakesAnyPermissionForThisEpoch(), static options => options with { LeaseEdited = 5 }, "", 60),
        [nameof(BrokenRules.TakesWhoeverIsFirst)] = (new BrokenRules.TakesWhoeverIsFirst(), static options => options with { Loss = 0, SlowDisk = 6 }, "", 17),
        [nameof(BrokenRules.BeginsWithEverybodyInSync)] = (new BrokenRules.BeginsWithEverybodyInSync(), static options => options, "", 23),
        [nameof(BrokenRules.KeepsNoMargin)] = (new BrokenRules.KeepsNoMargin(), static options => options with { LeaseCut = 40, ClockDrift = 0.08, Members = 3, Mode = ReplicationMode.Async, MinInSync = 1, FaultEveryMs = 1500 }, "leads in epoch", 990),
        [nameof(BrokenRules.ChecksTheLeaseOnArrivalOnly)] = (new BrokenRules.ChecksTheLeaseOnArrivalOnly(), static options => options with { Pause = 20, Mode = ReplicationMode.Async, MinInSync = 1, FaultEveryMs = 1500 }, "leads in epoch", 1),
        [nameof(BrokenRules.TrustsTheMonotonicClockAlone)] = (new BrokenRules.TrustsTheMonotonicClockAlone(), static options => options with { Suspend = 20 }, "leads in epoch", 1),
        [nameof(BrokenRules.TakesNewcomersForInSync)] = (new BrokenRules.TakesNewcomersForInSync(), static options => options, "in sync", 1),
        [nameof(BrokenRules.TakesThoseWithConfirmedForInSync)] = (new BrokenRules.TakesThoseWithConfirmedForInSync(), static options => options with { Kill = 10 }, "in sync", 12),
        [nameof(BrokenRules.AcknowledgesBeforeTheChangeIsWritten)] = (new BrokenRules.AcknowledgesBeforeTheChangeIsWritten(), static options => options with { LeaseSlow = 0.3, Partition = 8 }, "", 1),
        [nameof(BrokenRules.ForgetsOpenChanges)] = (new BrokenRules.ForgetsOpenChanges(), static options => options with { LeaseSlow = 0.3, Kill = 8 }, "", 31),
        [nameof(BrokenRules.WaitsForOneCopy)] = (new BrokenRules.WaitsForOneCopy(), static options => options, "", 1),
        [nameof(BrokenRules.WaitsForNobody)] = (new BrokenRules.WaitsForNobody(), static options => options, "", 1),
        [nameof(BrokenRules.IgnoresTheMinimum)] = (new BrokenRules.IgnoresTheMinimum(), static options => options with { MinInSync = 2, Mode = ReplicationMode.Sync }, "are asked for", 1),
        [nameof(BrokenRules.TakesMessagesBeforeItHasBegun)] = (new BrokenRules.TakesMessagesBeforeItHasBegun(), static options => options, "", 1),
        [nameof(BrokenRules.FollowsAnyMaster)] = (new BrokenRules.FollowsAnyMaster(), static options => options with { Late = 0.3, Loss = 0.3, Pause = 10 }, "", 15),
        [nameof(BrokenRules.ContinuesWhereItsLogEnds)] = (new BrokenRules.ContinuesWhereItsLogEnds(), static options => options, "", 1),
        [nameof(BrokenRules.KeepsEpochsItHasNothingOf)] = (new BrokenRules.KeepsEpochsItHasNothingOf(), static options => options with { Kill = 15, FaultEveryMs = 800 }, "takes message", 325),
        [nameof(BrokenRules.TakesWhatWasHandedToAnother)] = (new BrokenRules.TakesWhatWasHandedToAnother(), static options => options with { HandOver = 10 }, "handed over", 1),
        [nameof(BrokenRules.HandsOverAtOnce)] = (new BrokenRules.HandsOverAtOnce(), static options => options with { HandOver = 10 }, "hands over", 20),
        [nameof(SimOptions.LeaseStoreComparesVersions)] = (new GroupRules(), static options => options with { LeaseStoreComparesVersions = false, LeaseSlow = 0.1 }, "", 1),
        [nameof(SimOptions.KeepsDiverged)] = (new GroupRules(), static options => options with { KeepsDiverged = false }, "vanished", 1),
        [nameof(SimOptions.PersistsPromise)] = (new GroupRules(), static options => options with { PersistsPromise = false, LeaseDeleted = 2 }, "", 1),
        [nameof(SimOptions.NoticesLostWrites)] = (new GroupRules(), static options => options with { NoticesLostWrites = false, PowerCut = 5, FlushesBeforeAnswer = false }, "acknowledged", 1),
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
        (GroupRules rules, Func<SimOptions, SimOptions> faults, string ends, int first) = Table[rule];

        for (int seed = first; seed < first + MostSchedules; seed++)
        {
            try
            {
                SimGroup.Run(seed, faults(SimOptions.For(seed)), rules);
            }
            catch (RuleBrokenException broken)
            {
                output.WriteLine($"CAUGHT {rule} after {seed}: {broken.Message.Split('\n')[0]}");
                if (ends.Length > 0)
                {
                    broken.Message.Should().Contain(ends);
                }


                // The same schedule with the rule in place ends well: the rule is what was missed.
                SimGroup.Run(seed, Intact(faults(SimOptions.For(seed))));
                return;
            }
        }

        Assert.Fail($"{MostSchedules} schedules did not notice it");
    }

    private static SimOptions Intact(SimOptions options) =>
        options with { LeaseStoreComparesVersions = true, KeepsDiverged = true, PersistsPromise = true, NoticesLostWrites = true };
}
