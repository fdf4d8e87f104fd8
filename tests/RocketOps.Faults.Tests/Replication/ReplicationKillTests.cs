using System.Globalization;
using System.Text.Json;
using RocketOps.Faults.Tests.Histories;
using RocketOps.Faults.Tests.Kills;
using RocketOps.Testing;
using RocketOps.Testing.Remoting;
using RocketOps.Testing.Rings;
using RocketOps.Testing.Servers;

namespace RocketOps.Faults.Tests.Replication;

/// <summary>
/// A SYNC_MASTER that acknowledges nothing before its slave has it (<c>inSyncReplicas=2</c>, <c>minInSyncReplicas=2</c>) and its slave are killed in turn and together under load,
/// and the connection between them is spoilt: what was acknowledged is on both, at every moment. <c>ROCKETOPS_REPLICATION_KILLS</c> asks for more kills than a build needs.
/// </summary>
public sealed class ReplicationKillTests
{
    private const string Topic = "Replicated";
    private const int Queues = 4;
    private const int MinSends = 100;

    private static readonly int Kills = int.TryParse(Environment.GetEnvironmentVariable("ROCKETOPS_REPLICATION_KILLS"), CultureInfo.InvariantCulture, out int kills) ? kills : 3;

    private static readonly int MaxSends = Depth.Of(200, deep: 800);

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    [Theory]
    [InlineData("ASYNC_FLUSH")]
    [InlineData("SYNC_FLUSH")]
    public async Task Kill_MasterAndSlaveInTurn_WhatWasAcknowledgedIsOnBoth(string flushDiskType)
    {
        Dictionary<string, string> settings = Settings(flushDiskType);
        await using RocketOpsServer master = new(new ServerOptions { Broker = Master(settings) });
        await master.StartAsync();
        await using RocketOpsSlave slave = new(master.NameServerAddress, settings);
        await slave.StartAsync();
        await CreateTopicAsync(master.BrokerAddress, slave.Address);

        await using Load load = Load.Start(master, Topic, Queues);
        for (int kill = 0; kill < Kills; kill++)
        {
            await ServedAsync(load, $"before kill {kill}; {slave.Log()}");
            switch (kill % 3)
            {
                case 0:
                    await master.KillBrokerAsync();
                    await HasAllAsync(slave.Address, load, "the slave of the killed master", slave.Log);
                    await master.StartBrokerAsync();
                    break;
                case 1:
                    await slave.KillAsync();
                    await HasAllAsync(master.BrokerAddress, load, "the master of the killed slave", slave.Log);
                    await slave.StartAsync();
                    break;
                default:
                    await Task.WhenAll(master.KillBrokerAsync(), slave.KillAsync());
                    await Task.WhenAll(master.StartBrokerAsync(), slave.StartAsync());
                    break;
            }
        }

        await ServedAsync(load, "after the last kill");
        await AssertSameOnBothAsync(master, slave, load);
        load.CutOff.Should().BePositive("brokers died with sends in flight");
    }

    // Deep: it waits for connections that end after many bytes; LogFollower's own tests cut the stream at every byte.
    [Fact]
    [Trait("ring", RingRules.Deep)]
    public async Task SpoiltConnection_TheSlaveTakesNothingWrongAndCatchesUp()
    {
        // Here a connection may be dead and say nothing.
        Dictionary<string, string> settings = new(Settings("ASYNC_FLUSH"), StringComparer.Ordinal) { ["haHousekeepingInterval"] = "3000" };
        await using RocketOpsServer master = new(new ServerOptions { Broker = Master(settings) });
        await master.StartAsync();
        int seed = Random.Shared.Next(1_000_000);
        await using HaProxy proxy = new(master.HaAddress, seed);
        await using RocketOpsSlave slave = new(master.NameServerAddress, new Dictionary<string, string>(settings, StringComparer.Ordinal) { ["haMasterAddress"] = proxy.Address });
        await slave.StartAsync();
        await CreateTopicAsync(master.BrokerAddress, slave.Address);

        await using Load load = Load.Start(master, Topic, Queues);
        await Eventually.TrueAsync(() => proxy.Cut > 1 && proxy.Lost > 0, $"connections were ended and bytes lost, seed {seed}; {slave.Log()}", Patience);
        proxy.BeFaithful();
        await ServedAsync(load, $"through a faithful proxy again, seed {seed}; {slave.Log()}");

        await AssertSameOnBothAsync(master, slave, load);
    }

    private static Dictionary<string, string> Settings(string flushDiskType) => new(StringComparer.Ordinal)
    {
        ["flushDiskType"] = flushDiskType,

        // Small files, so that kills meet roll-overs.
        ["mappedFileSizeCommitLog"] = "1048576",
        ["mappedFileSizeConsumeQueue"] = "20000",
        ["haSendHeartbeatInterval"] = "500",

        // Whose process dies, its connections end: nothing else is to end them, nor a send that waits for a slave that comes back.
        ["haHousekeepingInterval"] = "120000",
        ["syncFlushTimeout"] = "120000",
    };

    private static Dictionary<string, string> Master(Dictionary<string, string> settings) => new(settings, StringComparer.Ordinal)
    {
        ["brokerRole"] = "SYNC_MASTER",
        ["inSyncReplicas"] = "2",
        ["minInSyncReplicas"] = "2",
    };

    /// <summary>Returns when both know the topic. A slave has it a moment after its first message, and a master that is killed before that takes it along.</summary>
    private static async Task CreateTopicAsync(string master, string slave)
    {
        await using RawConnection connection = await RawConnection.ConnectAsync(master);
        (await RawBroker.CreateTopicAsync(connection, Topic, Queues)).Code.Should().Be(RawBroker.Success);
        await using RawConnection copy = await RawConnection.ConnectAsync(slave);
        await Eventually.TrueAsync(async () => (await RawBroker.PullAsync(copy, Topic, 0, 0)).Code != RawBroker.TopicNotExist, "the slave knows the topic", Patience);
    }

    private static async Task ServedAsync(Load load, string when)
    {
        long enough = load.Acknowledged + Random.Shared.Next(MinSends, MaxSends);
        await Eventually.TrueAsync(() => load.Acknowledged >= enough, $"load is served {when}", Patience);
    }

    /// <summary>What was acknowledged until now can be read there, while the other member is dead.</summary>
    private static async Task HasAllAsync(string broker, Load load, string which, Func<string> log)
    {
        List<Attempt> acknowledged = [.. load.Attempts.Where(static attempt => attempt.AcknowledgedOffset is not null)];
        List<string> missing = [];
        try
        {
            // The last of it may have to be dispatched there.
            await Eventually.TrueAsync(
                async () =>
                {
                    IReadOnlyList<Reading> readings = await StoredQueues.ReadAllAsync(broker, Topic, Queues);
                    HashSet<string> stored = [.. readings.Select(static reading => reading.Body)];
                    missing = [.. acknowledged.Where(attempt => !stored.Contains(attempt.Body)).Select(static attempt => attempt.ToString())];
                    return missing.Count == 0;
                },
                "everything acknowledged is there",
                Patience);
        }
        catch (TimeoutException)
        {
            missing.Should().BeEmpty("{0} has what was acknowledged; {1}; {2}", which, await PositionsAsync(broker), log());
        }
    }

    private static async Task AssertSameOnBothAsync(RocketOpsServer master, RocketOpsSlave slave, Load load)
    {
        await load.StopAsync();
        await Eventually.TrueAsync(async () => await EndAsync(master.BrokerAddress) is > 0 and long end && await EndAsync(slave.Address) == end, $"both logs are as long; {slave.Log()}", Patience);
        IReadOnlyList<Reading> onMaster = await ReadAsync(master.BrokerAddress, load);
        IReadOnlyList<Reading> onSlave = await ReadAsync(slave.Address, load);

        HistoryCheck.Violations(load.Attempts, load.Readings, onMaster).Should().BeEmpty("the master, of {0} acknowledged", load.Acknowledged);
        HistoryCheck.Violations(load.Attempts, load.Readings, onSlave).Should().BeEmpty("the slave, of {0} acknowledged", load.Acknowledged);
        onSlave.Should().Equal(onMaster);
    }

    private static Task<IReadOnlyList<Reading>> ReadAsync(string broker, Load load) =>
        StoredQueues.ReadAtLeastAsync(broker, Topic, Queues, load.Acknowledged, Patience);

    /// <summary>How far log and dispatch are, for failures.</summary>
    private static async Task<string> PositionsAsync(string broker)
    {
        using JsonDocument document = await RuntimeInfoAsync(broker);
        return string.Join(", ", document.RootElement.GetProperty("table").EnumerateObject()
            .Where(static entry => entry.Name.Contains("commitLog", StringComparison.Ordinal) || entry.Name.Contains("dispatch", StringComparison.Ordinal)).Select(static entry => $"{entry.Name} {entry.Value}"));
    }

    private static async Task<JsonDocument> RuntimeInfoAsync(string broker)
    {
        await using RawConnection connection = await RawConnection.ConnectAsync(broker);
        return await RuntimeFigures.ReadAsync(connection);
    }

    private static async Task<long> EndAsync(string broker)
    {
        using JsonDocument document = await RuntimeInfoAsync(broker);
        JsonElement table = document.RootElement.GetProperty("table");
        return table.GetProperty("dispatchBehindBytes").GetString() == "0" ? long.Parse(table.GetProperty("commitLogMaxOffset").GetString()!, CultureInfo.InvariantCulture) : -1;
    }
}
