using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Offsets;
using RocketOps.Broker.Overload;
using RocketOps.Broker.Tests.Support;
using RocketOps.Testing;
using RocketOps.Testing.Logging;
using RocketOps.Testing.Time;

namespace RocketOps.Broker.Tests.Offsets;

/// <summary>Retention that takes what a known group has not read says so.</summary>
public sealed class UnreadRemovalsTests
{
    [Fact]
    public async Task Retention_RemovesWhatAGroupHasNotRead_IsAWarningAndACount()
    {
        FakeTimeProvider time = new();
        RecordingLoggerFactory log = new();
        Dictionary<string, string> settings = new(StringComparer.Ordinal)
        {
            ["storePathRootDir"] = "/store",
            ["mappedFileSizeCommitLog"] = "65536",
            ["fileReservedTime"] = "1000000",
            ["deleteWhen"] = string.Join(';', Enumerable.Range(0, 24)),
            ["httpPort"] = "-1",
        };
        await using TestBroker broker = await TestBroker.StartAsync(settings, fileSystem: new MemoryFileSystem(), time: time, loggers: log);
        await broker.CreateTopicAsync("T");
        for (int i = 0; i < 20; i++)
        {
            await broker.SendAsync("T", new string('x', 20_000));
        }

        // One has read two messages, one all of them, and one has never committed.
        broker.Host.Modules.Offsets.Consumers.Commit("T", "slow", 0, 2);
        broker.Host.Modules.Offsets.Consumers.Commit("T", "fast", 0, 20);
        broker.Host.Modules.Host.Store.Tuning = broker.Host.Modules.Host.Store.Tuning with { FileReservedHours = 72 };

        await Eventually.TrueAsync(
            async () =>
            {
                time.Advance(TimeSpan.FromSeconds(10));
                await broker.SendAsync("T", "wakes the store's thread");
                return log.Entries.Any(static line => line.Event == 3691);
            },
            "what was removed is told");
        LoggedEntry[] warnings = [.. log.Entries.Where(static line => line.Event == 3691)];
        warnings.Should().OnlyContain(static line => line.Level == LogLevel.Warning
            && line.Text.Contains("/store/commitlog/", StringComparison.Ordinal) && line.Text.Contains("topic T that group slow has not read", StringComparison.Ordinal));
        long removed = broker.Host.Modules.Offsets.Removals.Removed;
        long begin = (await broker.Host.Modules.Host.Store.Reader.GetOffsetsAsync(broker.Host.Modules.Host.Store.FindTopic("T"u8)!, 0, CancellationToken.None)).Min;
        removed.Should().BeInRange(1, begin - 2);
        using HttpClient client = new();
        (await client.GetStringAsync($"http://{broker.Host.HttpEndPoint}/metrics")).Should().MatchRegex("(?m)^rocketops_store_unread_messages_removed_total\\{.*\\} [1-9]");
    }

    [Fact]
    public void OnRemovalCompleted_ManyGroups_WritesTenLinesAndOneOfTheRest()
    {
        RecordingLoggerFactory log = new();
        using TempDirectory directory = new();
        BrokerSettings settings = new(TestBroker.OptionsOf(new(StringComparer.Ordinal) { ["storePathRootDir"] = directory.Path }));
        FakeTimeProvider time = new();
        ConsumerOffsetTable offsets = new(settings, settings.Of<OffsetOptions>(), new RefusedEntries(time, NullLogger<RefusedEntries>.Instance), new MemoryFileSystem(), time);
        UnreadRemovals removals = new(offsets, log.CreateLogger<UnreadRemovals>());
        for (int i = 0; i < 25; i++)
        {
            offsets.Commit("T", $"g{i}", 0, 45 + i);
        }

        offsets.Commit("T", "CID_RMQ_SYS_TRANS", 0, 0);
        removals.IsInterestedIn("T", 0).Should().BeTrue();
        removals.IsInterestedIn("T", 1).Should().BeFalse();

        removals.OnRemoved("T", 0, 40, 60);
        removals.OnRemovalCompleted("/store/commitlog/1");
        removals.OnRemovalCompleted("/store/commitlog/2");

        log.Entries.Where(static line => line.Event == 3691).Should().HaveCount(10);
        log.Entries.Where(static line => line.Event == 3692).Should().ContainSingle().Which.Text.Should().Contain("15 more messages that 5 other groups", "fifteen groups lack 1 to 15 messages, and five of them 1 to 5");
        removals.Removed.Should().Be(Enumerable.Range(1, 15).Sum());
    }
}
