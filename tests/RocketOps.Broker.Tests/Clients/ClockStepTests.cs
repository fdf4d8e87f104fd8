using RocketOps.Broker.Clients;
using RocketOps.Broker.Ordering;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Bodies;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Headers;
using RocketOps.Testing;
using RocketOps.Testing.Time;

namespace RocketOps.Broker.Tests.Clients;

/// <summary>Somebody sets the machine's clock by an hour: clients stay that are there, and what is to end ends in its own time.</summary>
public sealed class ClockStepTests
{
    private const string ProducerGroup = "CLIENT_INNER_PRODUCER";

    private readonly FakeTimeProvider _time = new();

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public async Task Scan_AfterAStep_EverybodyIsThere(int hours)
    {
        await using TestBroker broker = await TestBroker.StartAsync(time: _time);
        await broker.SubscribeAsync("g", "T");

        _time.Set(TimeSpan.FromHours(hours));
        broker.Host.Modules.Clients.Registry.Scan();

        IsOnline(broker).Should().BeTrue();
        broker.Host.Modules.Clients.Producers.ChannelsOf(ProducerGroup).Should().ContainSingle();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(-1)]
    public async Task Scan_SilentClient_IsForgottenAfterTwoMinutesWhateverTheClockSays(int hours)
    {
        await using TestBroker broker = await TestBroker.StartAsync(time: _time);
        await broker.SubscribeAsync("g", "T");
        _time.Advance(TimeSpan.FromSeconds(100));
        await broker.SubscribeAsync("g", "T");

        _time.Set(TimeSpan.FromHours(hours));
        _time.Advance(TimeSpan.FromSeconds(115));
        IsOnline(broker).Should().BeTrue("its last heartbeat is not two minutes old");
        _time.Advance(TimeSpan.FromSeconds(20));

        IsOnline(broker).Should().BeFalse();
        broker.Host.Modules.Clients.Producers.ChannelsOf(ProducerGroup).Should().BeEmpty();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public async Task Pull_ThatWaits_EndsInItsTimeAndIsWoken(int hours)
    {
        await using TestBroker broker = await TestBroker.StartAsync(time: _time);
        await broker.CreateTopicAsync("T");
        await broker.SubscribeAsync("g", "T");
        Task<RemotingCommand> ends = broker.PullAsync("g", "T", 0, 0, PullMessageRequestHeader.SuspendFlag, 10_000);
        await ParkedAsync(broker);

        _time.Set(TimeSpan.FromHours(hours));
        _time.Advance(TimeSpan.FromSeconds(9.9));
        broker.Host.Modules.Pulls.Parked.Count.Should().Be(1);
        _time.Advance(TimeSpan.FromSeconds(0.6));

        (await ends).Code.Should().Be(ResponseCode.PullNotFound);
        Task<RemotingCommand> woken = broker.PullAsync("g", "T", 0, 0, PullMessageRequestHeader.SuspendFlag, 10_000);
        await ParkedAsync(broker);
        _time.Set(TimeSpan.FromHours(-hours));
        await broker.SendAsync("T", "x");
        (await woken).Code.Should().Be(ResponseCode.Success);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void Lock_OfAQueue_StaysItsOwnersAndEndsInItsTime(int hours)
    {
        QueueLocks locks = new(_time);
        MessageQueueKey queue = new() { BrokerName = "b", QueueId = 1, Topic = "T" };
        locks.TryLock("g", "one", [queue]);

        _time.Set(TimeSpan.FromHours(hours));
        locks.TryLock("g", "two", [queue]).Should().BeEmpty();
        _time.Advance(TimeSpan.FromSeconds(61));

        locks.TryLock("g", "two", [queue]).Should().ContainSingle();
    }

    private static bool IsOnline(TestBroker broker) => broker.Host.Modules.Clients.Consumers.TryGet("g", out OnlineGroup? group) && !group.IsEmpty;

    private static Task ParkedAsync(TestBroker broker) => Eventually.TrueAsync(() => broker.Host.Modules.Pulls.Parked.Count == 1, "the pull is parked");
}
