using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Testing.Time;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Delay;

/// <summary>When delayed messages come, on a clock that goes on when told, and that may be set.</summary>
public sealed class DelayTimesTests
{
    private const string Topic = "Delayed";

    private static readonly TimeSpan Delay = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);

    [Fact]
    public async Task Deliver_OneAfterTheOther_EachWhenItIsDueInOrderAndOnce()
    {
        const int Messages = 12;
        FakeTimeProvider time = new();
        await using TestBroker broker = await StartAsync(time);
        List<long> due = [];
        for (int i = 0; i < Messages; i++)
        {
            due.Add(time.NowMs + (long)Delay.TotalMilliseconds);
            await SendAsync(broker, $"m{i}");
            time.Advance(TimeSpan.FromMilliseconds(300));
        }

        IReadOnlyList<string> bodies = [];
        await Eventually.TrueAsync(
            async () =>
            {
                // Looked at before time goes on: what is there by now must have been due by now.
                bodies = await BodiesAsync(broker);
                bodies.Count.Should().BeLessThanOrEqualTo(due.Count(ms => ms <= time.NowMs), "none comes early");
                time.Advance(Step);
                return bodies.Count >= Messages;
            },
            "all arrive");

        bodies.Should().Equal(Enumerable.Range(0, Messages).Select(static i => $"m{i}"));
        broker.Host.Modules.Offsets.Delays.Get(1).Should().Be(Messages);
    }

    /// <summary>The log's times stand still until the clock has caught up with them: they cannot tell when a message came.</summary>
    [Fact]
    public async Task Clock_SetBack_NothingComesEarlyAndNothingWaitsForTheClock()
    {
        FakeTimeProvider time = new();
        await using TestBroker broker = await StartAsync(time);
        await SendAsync(broker, "before");
        time.Advance(TimeSpan.FromSeconds(1));
        time.Set(-TimeSpan.FromHours(10));
        await SendAsync(broker, "after");
        long setAt = time.GetTimestamp();

        while (time.GetElapsedTime(setAt) < TimeSpan.FromSeconds(3.9))
        {
            time.Advance(Step);
            (await BodiesAsync(broker)).Should().BeEmpty("none is due");
        }

        await Eventually.TrueAsync(
            async () =>
            {
                IReadOnlyList<string> bodies = await BodiesAsync(broker);
                bodies.Should().NotContain(time.GetElapsedTime(setAt) < Delay ? "after" : "nothing", "it is not due");
                time.Advance(Step);
                return bodies.Count == 2;
            },
            "both arrive");

        (await BodiesAsync(broker)).Should().Equal("before", "after");
        time.GetElapsedTime(setAt).Should().BeLessThan(TimeSpan.FromHours(9), "the clock is behind still");
    }

    /// <summary>A delay ends at a time of day, as with RocketMQ: what is due by the new clock comes, once, and nothing else.</summary>
    [Fact]
    public async Task Clock_SetForward_WhatIsDueByItComesAndAllElseWaits()
    {
        FakeTimeProvider time = new();
        await using TestBroker broker = await StartAsync(time, "30m 2h");
        await SendAsync(broker, "in half an hour");
        await SendAsync(broker, "in two hours", level: 2);

        time.Set(TimeSpan.FromHours(1));

        await ArrivedAsync(1);
        for (int i = 0; i < 50; i++)
        {
            time.Advance(Step);
        }

        (await BodiesAsync(broker)).Should().Equal("in half an hour");
        time.Set(TimeSpan.FromHours(1));
        await ArrivedAsync(2);
        (await BodiesAsync(broker)).Should().Equal("in half an hour", "in two hours");

        Task ArrivedAsync(int messages) => Eventually.TrueAsync(
            async () =>
            {
                time.Advance(Step);
                return (await BodiesAsync(broker)).Count >= messages;
            },
            "what is due by the new clock arrives");
    }

    private static async Task<TestBroker> StartAsync(FakeTimeProvider time, string levels = "5s")
    {
        Dictionary<string, string> settings = new(StringComparer.Ordinal) { ["storePathRootDir"] = "/store", ["messageDelayLevel"] = levels };
        TestBroker broker = await TestBroker.StartAsync(settings, fileSystem: new MemoryFileSystem(), time: time);
        await broker.CreateTopicAsync(Topic);
        await broker.SubscribeAsync("g", Topic);
        return broker;
    }

    private static Task<RemotingCommand> SendAsync(TestBroker broker, string body, int level = 1) => broker.SendAsync(Topic, body, properties: Requests.Properties(("DELAY", $"{level}")));

    private static async Task<IReadOnlyList<string>> BodiesAsync(TestBroker broker) => [.. Requests.Decode(await broker.PullAsync("g", Topic, 0, 0)).Select(static message => message.Body)];
}
