using System.Globalization;
using RocketOps.Faults.Tests.Histories;
using RocketOps.Testing;
using RocketOps.Testing.Rings;
using RocketOps.Testing.Servers;
using Xunit.Abstractions;

namespace RocketOps.Faults.Tests.Replication;

/// <summary>
/// The lease store of a group does not answer, as an API server that is away for minutes. In sync mode the master goes on, as its copies follow; in async mode it stops to acknowledge when its lease ends. Every member goes on serving
/// reads, nobody else begins, and when the store is back the group goes on with one log. <c>ROCKETOPS_AWAY_SECONDS=300</c> keeps it away for so long.
/// Deep: leases end by themselves here; FailoverTests and LeaseCallsTests have a store that hangs or is away, on clocks of their own.
/// </summary>
[Trait("ring", RingRules.Deep)]
public sealed class LeaseStoreAwayTests(ITestOutputHelper output)
{
    /// <summary>
    /// Time itself is what is tested, so the test lets it pass: a lease ends by the clock of each member, and a master that goes on without it tells nobody. It is not enough that a master has given up, which async ones say:
    /// no other member may acknowledge anything either, for longer than any lease lasts.
    /// </summary>
    private static readonly TimeSpan Away = int.TryParse(Environment.GetEnvironmentVariable("ROCKETOPS_AWAY_SECONDS"), CultureInfo.InvariantCulture, out int seconds) ? TimeSpan.FromSeconds(seconds) : TimeSpan.FromMilliseconds(3 * ShortLease.Millis);

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    [Theory]
    [InlineData("Async")]
    [InlineData("Sync")]
    public async Task LeaseStore_AwayForLongerThanALease_OnlyAnAsyncGroupStopsToAcknowledgeReadsGoOnAndItHeals(string mode)
    {
        await using ElectedBrokers brokers = new(new Dictionary<string, string>(ShortLease.Settings, StringComparer.Ordinal)
        {
            ["replicationMode"] = mode,
            ["minInSyncReplicas"] = "1",
        });
        await using ElectedRun run = await ElectedRun.StartAsync(brokers);
        await run.ServedAsync("before the lease store goes");
        await brokers.AllInSyncAsync("before the lease store goes");
        string master = await brokers.MasterAsync();

        await using (await brokers.TakeLeaseAwayAsync())
        {
            long acknowledged = -1;
            if (mode == "Sync")
            {
                await Task.Delay(Away);
                long before = run.Load.Acknowledged;
                await Eventually.TrueAsync(() => run.Load.Acknowledged > before + 100, "load is served while the lease store is away", Patience);
                acknowledged = run.Load.Acknowledged;
            }
            else
            {
                // Repeated until it was so: when the lease of the master ends is not known here.
                await Eventually.TrueAsync(
                    async () =>
                    {
                        long before = run.Load.Acknowledged;
                        await Task.Delay(Away);
                        acknowledged = run.Load.Acknowledged;
                        return acknowledged == before;
                    },
                    "nothing is acknowledged while nobody can hold a lease",
                    Patience + (3 * Away));
            }

            foreach (string address in brokers.Addresses)
            {
                await Eventually.TrueAsync(
                    async () => (await StoredQueues.ReadAllAsync(address, ElectedRun.Topic, ElectedRun.Queues)).Count > 0,
                    $"{address} serves reads meanwhile",
                    Patience);
            }

            output.WriteLine($"{mode}: {acknowledged} acknowledged before the lease store came back");
        }

        await run.ServedAsync("after the lease store came back");
        (await brokers.MasterAsync()).Should().Be(master, "nobody else could take the lease, and who held it goes on");
        await run.CheckAsync(losesNothing: mode == "Sync");
    }
}
