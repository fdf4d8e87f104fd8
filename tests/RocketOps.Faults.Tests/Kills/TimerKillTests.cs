using RocketOps.Faults.Tests.Histories;
using RocketOps.Testing;
using RocketOps.Testing.Remoting;
using RocketOps.Testing.Rings;
using RocketOps.Testing.Servers;

namespace RocketOps.Faults.Tests.Kills;

/// <summary>SIGKILL while messages wait for their time, in delay levels and as timers, and some are taken back: none is lost, none comes early, none that was taken back comes.</summary>
public sealed class TimerKillTests
{
    private const int MinSendsPerLife = 100;
    private const int MaxSendsPerLife = 600;

    private static readonly int Kills = Depth.Of(2, deep: 5);

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    [Fact]
    public Task Kill_WhileMessagesWait_EachComesInItsTimeOrNotAtAll() => AssertNothingLostAsync("ASYNC_FLUSH");

    // Deep: when a message is due and taken back is decided by the same code in either mode, and KillLoopTests kills in both.
    [Fact]
    [Trait("ring", RingRules.Deep)]
    public Task Kill_WhileMessagesWaitWithSyncFlush_EachComesInItsTimeOrNotAtAll() => AssertNothingLostAsync("SYNC_FLUSH");

    private static async Task AssertNothingLostAsync(string flushDiskType)
    {
        await using RocketOpsServer server = new(Options(flushDiskType));
        await server.StartAsync();
        await using (RawConnection broker = await RawConnection.ConnectAsync(server.BrokerAddress))
        {
            (await RawBroker.CreateTopicAsync(broker, WaitingLoad.Topic, WaitingLoad.Queues)).Code.Should().Be(RawBroker.Success);
        }

        await using WaitingLoad load = WaitingLoad.Start(server);
        for (int kill = 1; kill <= Kills; kill++)
        {
            long enough = load.Acknowledged + Random.Shared.Next(MinSendsPerLife, MaxSendsPerLife);
            await Eventually.TrueAsync(() => load.Acknowledged >= enough, $"life {kill}: load is served", Patience);
            load.BrokerDies();
            await server.KillBrokerAsync();
            await server.StartBrokerAsync();
        }

        long afterLastStart = load.Acknowledged + MinSendsPerLife;
        await Eventually.TrueAsync(() => load.Acknowledged >= afterLastStart && load.HasTakenBack, "load is served after the last start, and a message was taken back in time", Patience);
        await load.StopAsync();

        GroupOfHistory group = new("all", WaitingLoad.Topic);
        await Eventually.TrueAsync(load.IsOver, "the time of every message is over", Patience);
        IReadOnlyCollection<SentMessage> sent = load.Sent();
        IReadOnlyList<Receipt> stored = [];
        try
        {
            await Eventually.TrueAsync(
                async () =>
                {
                    stored = await WaitingLoad.ReadAllAsync(server);
                    return !RandomHistoryCheck.Missing(group, sent, stored, []).Any();
                },
                "every message that waited has come",
                Patience);
        }
        catch (TimeoutException)
        {
            // The check names what is missing.
        }

        RandomHistoryCheck.Violations(new RandomHistory(sent, stored, [group], [], [], [], [])).Should().BeEmpty("{0} kills, {1} messages acknowledged, {2} stored", Kills, load.Acknowledged, stored.Count);
        sent.Should().Contain(static message => message.IsRolledBack, "some were taken back in time");
        sent.Count(static message => message.IsAcknowledged).Should().BeGreaterThan(Kills * MinSendsPerLife / 2);
    }

    private static ServerOptions Options(string flushDiskType) => new()
    {
        Broker = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["flushDiskType"] = flushDiskType,
            ["messageDelayLevel"] = "1s 2s",
            ["recallMessageEnable"] = "true",
            ["mappedFileSizeCommitLog"] = "1048576",
            ["mappedFileSizeConsumeQueue"] = "20000",
            ["mappedFileSizeTimerLog"] = "65536",
        },
    };
}
