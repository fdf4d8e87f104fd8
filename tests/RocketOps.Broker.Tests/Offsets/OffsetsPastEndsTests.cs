using RocketOps.Broker.Offsets;
using RocketOps.Broker.Tests.Support;
using RocketOps.Testing;
using RocketOps.Testing.Time;

namespace RocketOps.Broker.Tests.Offsets;

public sealed class OffsetsPastEndsTests : IDisposable
{
    private readonly TempDirectory _directory = new("past-");
    private readonly RecordedLog _log = new();

    public void Dispose() => _directory.Dispose();

    /// <summary>The group would pass over the next forty messages.</summary>
    [Fact]
    public async Task Start_OffsetIsAboveTheEndOfItsQueue_GoesOnAtTheEnd()
    {
        await LeaveAsync(groups: 1);

        await using TestBroker broker = await TestBroker.StartAsync(directory: _directory, loggers: _log);

        ConsumerOffsetTable offsets = broker.Host.Modules.Offsets.Consumers;
        offsets.Query("T", "g0", 0).Should().Be(10);
        offsets.Query("T", "within", 0).Should().Be(5);
        offsets.Query("T", "g0", 7).Should().Be(0, "that queue has had no message here");
        offsets.Query("T", "g0", 8).Should().Be(9, "that queue is in no table");
        offsets.Query("Elsewhere", "g0", 0).Should().Be(9, "that topic is not here");
        _log.Lines.Should().ContainSingle(static line => line.Id == 3688).Which.Text.Should()
            .Contain("g0").And.Contain("topic T").And.Contain("0 from 50 to 10")
            .And.Contain("7 from 9 to 0");
        await broker.SendAsync("T", "the next");
        await broker.SubscribeAsync("g0", "T");
        Requests.Decode(await broker.PullAsync("g0", "T", 0, offsets.Query("T", "g0", 0))).Should().ContainSingle().Which.Body.Should().Be("the next");
    }

    /// <summary>The newer file is beside a store whose topic has had no message in any queue.</summary>
    [Fact]
    public async Task Start_NoQueueOfTheTopicHasFiles_GroupGetsTheFirstMessage()
    {
        await using (TestBroker before = await TestBroker.StartAsync(directory: _directory))
        {
            await before.CreateTopicAsync("T", queues: 1);
            before.Host.Modules.Offsets.Consumers.Commit("T", "g", 0, 90);
        }

        await using TestBroker broker = await TestBroker.StartAsync(directory: _directory, loggers: _log);

        _log.Lines.Should().ContainSingle(static line => line.Id == 3688).Which.Text.Should().Contain("0 from 90 to 0");
        await broker.SendAsync("T", "the first");
        await broker.SubscribeAsync("g", "T");
        Requests.Decode(await broker.PullAsync("g", "T", 0, broker.Host.Modules.Offsets.Consumers.Query("T", "g", 0)))
            .Should().ContainSingle().Which.Body.Should().Be("the first");
    }

    /// <summary>The queue goes on behind them: retention leaves its newest file.</summary>
    [Fact]
    public async Task Start_AllMessagesOfTheQueueHaveExpired_OffsetAtItsEndStays()
    {
        FakeTimeProvider time = new();
        MemoryFileSystem disk = new();
        Dictionary<string, string> settings = ExpiringLog.Settings.ToDictionary(
            static setting => setting.Key, static setting => setting.Value, StringComparer.Ordinal);
        await using (TestBroker before = await TestBroker.StartAsync(settings, fileSystem: disk, time: time))
        {
            await before.CreateTopicAsync("T", queues: 1);
            await before.CreateTopicAsync("Filling", queues: 1);
            await before.SendAsync("T", "read");
            await before.SendAsync("T", "read");
            before.Host.Modules.Offsets.Consumers.Commit("T", "g", 0, 2);
            await ExpiringLog.ExpireAsync(before, time);
            await before.Host.Modules.Host.Store.RemoveExpiredPointersAsync(CancellationToken.None);
        }

        await using TestBroker broker = await TestBroker.StartAsync(settings, fileSystem: disk, time: time, loggers: _log);

        broker.Host.Modules.Offsets.Consumers.Query("T", "g", 0).Should().Be(2);
        _log.Lines.Should().NotContain(static line => line.Id == 3688);
    }

    [Fact]
    public async Task Start_ManyGroupsAreAbove_TwentyAreNamedAndTheOthersCounted()
    {
        await LeaveAsync(groups: 30);

        await using TestBroker broker = await TestBroker.StartAsync(directory: _directory, loggers: _log);

        broker.Host.Modules.Offsets.Consumers.Query("T", "g29", 0).Should().Be(10);
        _log.Lines.Count(static line => line.Id == 3688).Should().Be(20);
        _log.Lines.Should().ContainSingle(static line => line.Id == 3689).Which.Text.Should().StartWith("30 times");
    }

    /// <summary>Its offsets and its log are copied apart from each other: what is above the end now may not be later.</summary>
    [Fact]
    public async Task Start_ASlavesOffsetIsAboveTheEnd_Stays()
    {
        await LeaveAsync(groups: 1);

        await using TestBroker broker = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["brokerRole"] = "SLAVE", ["brokerId"] = "1" }, _directory, loggers: _log);

        broker.Host.Modules.Offsets.Consumers.Query("T", "g0", 0).Should().Be(50);
    }

    private async Task LeaveAsync(int groups)
    {
        await using TestBroker before = await TestBroker.StartAsync(directory: _directory);
        await before.CreateTopicAsync("T", queues: 8);
        for (int i = 0; i < 10; i++)
        {
            await before.SendAsync("T", "old");
        }

        ConsumerOffsetTable offsets = before.Host.Modules.Offsets.Consumers;
        foreach (string group in Enumerable.Range(0, groups).Select(static i => $"g{i}"))
        {
            offsets.Commit("T", group, 0, 50);
        }

        offsets.Commit("T", "within", 0, 5);
        offsets.Commit("T", "g0", 7, 9);
        offsets.Commit("T", "g0", 8, 9);
        offsets.Commit("Elsewhere", "g0", 0, 9);
    }
}
