using RocketOps.Faults.Tests.Histories;
using RocketOps.Faults.Tests.Points;
using RocketOps.Testing.Remoting;
using RocketOps.Testing.Rings;
using Xunit.Abstractions;

namespace RocketOps.Faults.Tests.Kills;

/// <summary>
/// SIGKILL while a store's inventory is written again: because it was lost, or because it had grown. Nothing acknowledged is lost, and a
/// topic that was deleted stays away.
/// </summary>
public sealed class InventoryKillTests(ITestOutputHelper output)
{
    private const string Gone = "Gone";
    private const int Producers = 8;
    private const int MessagesOfGone = 30;

    private static readonly int Kills = Depth.Of(2, deep: 30);

    private static readonly Dictionary<string, string> Settings = new(StringComparer.Ordinal)
    {
        ["mappedFileSizeCommitLog"] = "65536",
        ["mappedFileSizeConsumeQueue"] = "2000",
    };

    private static readonly KillPlace Again = new("/", "any", Most: 8) { Since = "/inventory" };

    [SkippableFact]
    public async Task Kill_WhileALostInventoryIsMadeAgain_NothingIsLostAndNothingComesBack()
    {
        KillPoint.SkipIfMissing();
        await using DyingServer dying = await DyingServer.StartAsync(Settings);
        await MakeAndDeleteAsync(dying, Gone);
        await using KilledLoad killed = await KilledLoad.StartAsync(dying, Producers);
        for (int kill = 0; kill < Kills; kill++)
        {
            await killed.ServedAsync();
            await dying.Server.KillBrokerAsync();
            File.Delete(Path.Combine(dying.Server.StoreDirectory, "inventory"));
            await dying.StartAndDieAsync(Again);
            await dying.Server.StartBrokerAsync();
        }

        await AssertNothingLostAsync(dying, killed);
    }

    // Deep: many queues have to be written to before the file has grown.
    [SkippableFact]
    [Trait("ring", RingRules.Deep)]
    public async Task Kill_WhileAGrownInventoryIsShortened_NothingIsLostAndNothingComesBack()
    {
        KillPoint.SkipIfMissing();
        await using DyingServer dying = await DyingServer.StartAsync(Settings);
        await MakeAndDeleteAsync(dying, Gone);
        await using KilledLoad killed = await KilledLoad.StartAsync(dying, Producers);
        await using ManyQueues many = await ManyQueues.StartAsync(dying.Server);
        for (int kill = 0; kill < Kills; kill++)
        {
            await killed.ServedAsync();
            await dying.DieAsync(new KillPlace("/", "any", Most: 6) { Since = "/inventory.tmp" });
            await dying.Server.StartBrokerAsync();
        }

        await many.StopAsync();
        await AssertNothingLostAsync(dying, killed);
    }

    private async Task AssertNothingLostAsync(DyingServer dying, KilledLoad killed)
    {
        await killed.ServedAsync();
        await killed.Load.StopAsync();
        output.WriteLine(killed.Story);
        IReadOnlyList<Reading> stored = await killed.ReadAllAsync();
        HistoryCheck.Violations(killed.Load.Attempts, killed.Load.Readings, stored).Should().BeEmpty("{0}", killed.Story);
        await using RawConnection broker = await RawConnection.ConnectAsync(dying.Server.BrokerAddress);
        (await RawBroker.PullAsync(broker, Gone, 0, 0)).Code.Should().Be(RawBroker.TopicNotExist, "it was deleted; {0}", killed.Story);

        // Made again it has nothing of what it had.
        (await RawBroker.CreateTopicAsync(broker, Gone, 1)).Code.Should().Be(RawBroker.Success);
        (await StoredQueues.ReadAllAsync(dying.Server.BrokerAddress, Gone, 1)).Should().BeEmpty("{0}", killed.Story);
    }

    private static async Task MakeAndDeleteAsync(DyingServer dying, string topic)
    {
        await using RawConnection broker = await RawConnection.ConnectAsync(dying.Server.BrokerAddress);
        (await RawBroker.CreateTopicAsync(broker, topic, 1)).Code.Should().Be(RawBroker.Success);
        for (int message = 0; message < MessagesOfGone; message++)
        {
            (await RawBroker.SendAsync(broker, topic, 0, new byte[1])).Code.Should().Be(RawBroker.Success);
        }

        (await RawBroker.DeleteTopicAsync(broker, topic)).Code.Should().Be(RawBroker.Success);
    }
}
