using RocketOps.Faults.Tests.Histories;
using RocketOps.Testing;
using RocketOps.Testing.Remoting;
using RocketOps.Testing.Rings;
using RocketOps.Testing.Servers;

namespace RocketOps.Faults.Tests.Kills;

/// <summary>SIGKILL at random instants under load, again and again on one store: nothing acknowledged is lost, doubled or reordered.</summary>
public sealed class KillLoopTests
{
    private const string Topic = "Kills";
    private const int Queues = 4;
    private const int MinSendsPerLife = 200;
    private const int MaxSendsPerLife = 1500;

    // What is wrong with every kill shows with a few; what takes an instant of bad luck, with many.
    private static readonly int Kills = Depth.Of(3, deep: 20);

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task Kill_AgainAndAgainWithSyncFlush_EveryAcknowledgedMessageReceived()
    {
        await using RocketOpsServer server = new(Flush("SYNC_FLUSH", "loop"));
        await AssertNothingLostAsync(server, Kills);
    }

    // The bytes are the kernel's before a send is acknowledged: without sync flush a killed process loses nothing either (ARCHITECTURE.md).
    [Fact]
    public async Task Kill_AgainAndAgainWithAsyncFlush_EveryAcknowledgedMessageReceived()
    {
        await using RocketOpsServer server = new(Flush("ASYNC_FLUSH", "loop"));
        await AssertNothingLostAsync(server, Kills);
    }

    // The transport of TLS and of other systems writes and acknowledges by other code. Deep: the store beneath is the same, and the transports pass the same tests of their own.
    [Theory]
    [Trait("ring", RingRules.Deep)]
    [InlineData("SYNC_FLUSH")]
    [InlineData("ASYNC_FLUSH")]
    public async Task Kill_OverPipes_EveryAcknowledgedMessageReceived(string flushDiskType)
    {
        await using RocketOpsServer server = new(Flush(flushDiskType, "pipe"));
        await AssertNothingLostAsync(server, kills: 5);
    }

    // The same test on Apache's broker: what fails there tests the wrong thing. Deep: only a changed test can change what it says.
    [SkippableFact]
    [Trait("ring", RingRules.Deep)]
    public async Task Kill_ApacheBrokerWithSyncFlush_EveryAcknowledgedMessageReceived()
    {
        string? missing = RingRules.Current.WhySkip(RingRules.Faults, SharedKits.WhyMissing(SharedKits.RocketMq));
        Skip.If(missing is not null, missing);
        await using ApacheServer server = new(ApacheServer.Version4, Flush("SYNC_FLUSH", transport: null));
        await AssertNothingLostAsync(server, kills: 2);
    }

    private static async Task AssertNothingLostAsync(ServerUnderTest server, int kills)
    {
        await server.StartAsync();
        await using (RawConnection broker = await RawConnection.ConnectAsync(server.BrokerAddress))
        {
            (await RawBroker.CreateTopicAsync(broker, Topic, Queues)).Code.Should().Be(RawBroker.Success);
        }

        await using Load load = Load.Start(server, Topic, Queues);
        for (int kill = 1; kill <= kills; kill++)
        {
            long enough = load.Acknowledged + Random.Shared.Next(MinSendsPerLife, MaxSendsPerLife);
            await Eventually.TrueAsync(() => load.Acknowledged >= enough, $"life {kill}: load is served; {server.Name}", Patience);
            long cutOff = load.CutOff;

            await server.KillBrokerAsync();

            await Eventually.TrueAsync(() => load.CutOff > cutOff, $"kill {kill} cut off sends in flight", Patience);
            await server.StartBrokerAsync();
        }

        long afterLastStart = load.Acknowledged + MinSendsPerLife;
        await Eventually.TrueAsync(() => load.Acknowledged >= afterLastStart, "load is served after the last start", Patience);
        await load.StopAsync();

        IReadOnlyList<Reading> stored = await StoredQueues.ReadAtLeastAsync(
            server.BrokerAddress, Topic, Queues, load.Acknowledged, Patience);
        IReadOnlyList<string> violations = HistoryCheck.Violations(load.Attempts, load.Readings, stored);
        violations.Should().BeEmpty(
            "{0} kills, {1} sends acknowledged, {2} cut off, {3} messages stored", kills, load.Acknowledged, load.CutOff, stored.Count);
        load.Acknowledged.Should().BeGreaterThan(kills * MinSendsPerLife);
        load.Readings.Should().NotBeEmpty("consumers read while brokers died");
    }

    // Named, so that nothing in the environment of the tests decides what was killed.
    private static ServerOptions Flush(string flushDiskType, string? transport) => new()
    {
        Environment = transport is null ? null : new Dictionary<string, string>(StringComparer.Ordinal) { ["ROCKETOPS_TRANSPORT"] = transport },
        Broker = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["flushDiskType"] = flushDiskType,
            // Small files, so that kills meet roll-overs and recovery reads more than one.
            ["mappedFileSizeCommitLog"] = "1048576",
            ["mappedFileSizeConsumeQueue"] = "20000",
        },
    };
}
