using RocketOps.Testing;
using RocketOps.Testing.Servers;
using Xunit.Abstractions;

namespace RocketOps.Faults.Tests.Replication;

/// <summary>
/// The network between a master and both other members is cut, and all three reach the lease: the other two go on, and nothing that was acknowledged is lost when the old master comes back.
/// </summary>
public sealed class CutOffMasterTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task Master_CutOffFromItsCopies_IsReplacedWhileItRenewsItsLease()
    {
        await using ElectedBrokers brokers = new(
            new Dictionary<string, string>(ShortLease.Settings, StringComparer.Ordinal)
            {
                ["replicationMode"] = "Sync",
                ["minInSyncReplicas"] = "2",
                ["mappedFileSizeCommitLog"] = "1048576",
                ["mappedFileSizeConsumeQueue"] = "20000",
            },
            memberAddress: static number => $"127.0.8.{number + 1}");
        await using MemberProxies proxies = new(brokers);
        await using ElectedRun run = await ElectedRun.StartAsync(brokers);
        await run.ServedAsync("before the cut");
        string master = await brokers.MasterAsync();

        // Nothing comes to it from the others, over connections of theirs or of its own.
        proxies[master].Freeze();
        TimeSpan waited = await run.AcknowledgedAsync();
        await Eventually.TrueAsync(async () => await brokers.MasterAsync() != master, "another member leads", Patience);
        await run.ServedAsync("while the old master is cut off");
        proxies[master].Heal();

        await run.CheckAsync();
        output.WriteLine($"leases of {ShortLease.Millis} ms: {waited.TotalSeconds:F1} s until a send was acknowledged; {run.Load.Acknowledged} acknowledged");
    }
}
