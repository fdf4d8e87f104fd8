using RocketOps.Client;
using RocketOps.Testing;
using RocketOps.Testing.Rings;
using RocketOps.Testing.Servers;
using Xunit.Abstractions;

namespace RocketOps.Faults.Tests.Peers;

/// <summary>
/// The master of a group that elects its master stands still, with its connections open, while our client and Apache's Java client send:
/// ours goes on with the next master, and waits no longer for it than Java's. Deep: leases end by themselves.
/// </summary>
[Trait("ring", RingRules.Deep)]
public sealed class HungMasterTests(ITestOutputHelper output)
{
    private const string Topic = "hung";
    private const int BeforeAndAfter = 20;

    /// <summary>Two producers that send every tenth of a second meet a fault up to this much apart.</summary>
    private static readonly TimeSpan Apart = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task Send_TheMasterHangs_GoesOnWithTheNextOne()
    {
        await using ElectedBrokers brokers = new(new Dictionary<string, string>(StringComparer.Ordinal) { ["replicationMode"] = "Sync", ["minInSyncReplicas"] = "2" });
        await brokers.StartAsync();
        string master = await brokers.MasterAsync();
        await using (RocketMqAdmin admin = new(new AdminOptions { NameServers = brokers.NameServerAddress }))
        {
            await admin.CreateOrUpdateTopicAsync(brokers.AddressOf(master), new TopicConfig { Name = Topic });
        }

        await using OurProducer ours = new(brokers.NameServerAddress, Topic);
        await using JavaProducer javas = new(brokers.NameServerAddress, Topic);
        IPacedProducer[] producers = [ours, javas];
        await AllStoreAsync(producers, "before the master hangs");

        long begin = TimeProvider.System.GetTimestamp();
        await brokers.SuspendAsync(master);
        await AllStoreAsync(producers, "while the old master hangs");
        long end = TimeProvider.System.GetTimestamp();
        brokers.Resume(master);
        await AllStoreAsync(producers, "when the old master is back");

        SendFigures our = ours.Log.Between(begin, end);
        SendFigures java = javas.Log.Between(begin, end);
        output.WriteLine($"the master hangs\n  {ours.Name}: {our} {our.FirstFailure}\n  {javas.Name}: {java} {java.FirstFailure}");
        our.Gap.Should().BeLessThan(java.Gap + Apart);
    }

    private static async Task AllStoreAsync(IPacedProducer[] producers, string when)
    {
        foreach (IPacedProducer producer in producers)
        {
            int wanted = producer.Log.Stored + BeforeAndAfter;
            await Eventually.TrueAsync(() => producer.Log.Stored >= wanted, $"{producer.Name} sends {when}");
        }
    }
}
