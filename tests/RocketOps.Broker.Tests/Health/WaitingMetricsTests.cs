using RocketOps.Broker.Tests.Support;
using RocketOps.Broker.Tests.Timers;
using RocketOps.Broker.Tests.Transactions;
using RocketOps.Protocol.Commands;
using RocketOps.Testing.Time;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Health;

/// <summary>What the page of metrics tells of messages that wait, and of those that waited in vain.</summary>
public sealed class WaitingMetricsTests
{
    private const string PassedOver = "rocketops_messages_passed_over_total";
    private const string DelayLate = "rocketops_delay_late_milliseconds";
    private const string TimersLate = "rocketmq_timer_dequeue_latency";
    private const string WithoutProducer = "rocketops_half_messages_without_producer";

    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);

    [Fact]
    public async Task PassedOver_TimersThatTheLogHasLost_AreCounted()
    {
        FakeTimeProvider time = new();
        MemoryFileSystem files = new();
        (string, string)[] settings = [("httpPort", "-1"), .. ExpiringLog.Settings];
        await using (TimerBroker before = await TimerBroker.StartAsync(files, time, settings))
        {
            await before.SendAsync("lost", 24 * 3_600_000);
            await before.SendAsync("lost too", 24 * 3_600_000);
            await before.UntilTakenAsync(2);
        }

        // Anew: what has been in memory since it came would be delivered from there.
        await using TimerBroker timers = await TimerBroker.StartAsync(files, time, settings);
        await ExpiringLog.ExpireAsync(timers.Broker, time);
        await timers.SendAsync("kept", 3_600_000);
        await timers.UntilTakenAsync(3);
        (await Scraped.ReadAsync(timers.Broker, PassedOver)).Should().Be(0, "none is due");

        time.Set(TimeSpan.FromHours(25));
        await timers.UntilReceivedAsync("kept");

        await Eventually.TrueAsync(
            async () =>
            {
                time.Advance(Step);
                return await Scraped.ReadAsync(timers.Broker, PassedOver) == 2;
            },
            "both are counted, once each");
        (await timers.BodiesAsync()).Should().Equal("kept");
    }

    /// <summary>Retention takes them before they are in the wheel.</summary>
    [Fact]
    public async Task PassedOver_TimersThatNobodyTook_AreCounted()
    {
        FakeTimeProvider time = new();
        await using TimerBroker timers = await TimerBroker.StartAsync(new MemoryFileSystem(), time, [("httpPort", "-1"), ("timerStopEnqueue", "true"), .. ExpiringLog.Settings]);
        await timers.SendAsync("lost", 24 * 3_600_000);
        await Eventually.TrueAsync(() => timers.Broker.Host.Modules.Timers.Timers.IsLoaded, "the timers know where they begin");
        await ExpiringLog.ExpireAsync(timers.Broker, time);
        await timers.SendAsync("kept", 3_600_000);

        await ExpiringLog.UpdateAsync(timers.Broker, "timerStopEnqueue=false");

        await Eventually.TrueAsync(
            () =>
            {
                time.Advance(Step);
                return timers.Broker.Host.Modules.Timers.Timers.QueueOffset == 2;
            },
            "the other one is taken");
        (await Scraped.ReadAsync(timers.Broker, PassedOver)).Should().Be(1);
    }

    [Fact]
    public async Task PassedOver_DelayedMessagesThatTheLogHasLost_AreCountedAndTold()
    {
        FakeTimeProvider time = new();
        RecordedLog log = new();
        await using TestBroker broker = await StartAsync(time, log, ExpiringLog.Settings);
        await DelayAsync(broker, "lost");
        await DelayAsync(broker, "lost too");
        await ExpiringLog.ExpireAsync(broker, time);
        await DelayAsync(broker, "kept");

        time.Set(TimeSpan.FromDays(2));

        await Eventually.TrueAsync(
            async () =>
            {
                time.Advance(Step);
                return await Scraped.ReadAsync(broker, PassedOver) == 2;
            },
            "both are counted, once each");
        await Eventually.TrueAsync(() => broker.Host.Modules.Offsets.Delays.Get(1) == 3, "the level is delivered to its end");
        (await BodiesAsync(broker)).Should().Equal("kept");
        (await Scraped.ReadAsync(broker, PassedOver)).Should().Be(2);
        log.Lines.Where(static line => line.Id == 3213).Should().ContainSingle().Which.Text.Should().Contain("SCHEDULE_TOPIC_XXXX").And.Contain("delay level 1");
    }

    [Fact]
    public async Task DelayLate_TheNextMessageIsDueAndNobodyDelivers_TellsForHowLong()
    {
        FakeTimeProvider time = new();
        await using TestBroker broker = await StartAsync(time, new RecordedLog(), [("storePathRootDir", "/store")]);
        await DelayAsync(broker, "first");
        time.Set(TimeSpan.FromHours(12));
        await DelayAsync(broker, "second");
        await broker.Host.Modules.Host.Store.FinishDispatchAsync(CancellationToken.None);
        time.Set(TimeSpan.FromHours(12));
        await Eventually.TrueAsync(
            async () =>
            {
                time.Advance(Step);
                return (await BodiesAsync(broker)).Count == 1;
            },
            "the first one arrives; what is looked at with it is the second one, which is due in twelve hours");
        (await Scraped.ReadAsync(broker, DelayLate)).Should().Be(0);

        // What the clock says jumps; the timers that run do not, so the level sleeps.
        time.Set(TimeSpan.FromHours(36));

        (await Scraped.ReadAsync(broker, DelayLate)).Should().BeGreaterThanOrEqualTo(86_400_000, "it has been due for a day");
        await Eventually.TrueAsync(
            async () =>
            {
                time.Advance(Step);
                return (await BodiesAsync(broker)).Count == 2 && await Scraped.ReadAsync(broker, DelayLate) == 0;
            },
            "it arrives, and nothing is late");
    }

    [Fact]
    public async Task TimersLate_DeliveriesAreStopped_TellsForHowLong()
    {
        FakeTimeProvider time = new();
        await using TimerBroker timers = await TimerBroker.StartAsync(new MemoryFileSystem(), time, ("httpPort", "-1"), ("timerStopDequeue", "true"));
        await timers.SendAsync("waits", 2_000);
        await timers.UntilTakenAsync(1);
        (await Scraped.ReadAsync(timers.Broker, TimersLate)).Should().Be(0);

        time.Advance(TimeSpan.FromMinutes(1));

        (await Scraped.ReadAsync(timers.Broker, TimersLate)).Should().BeInRange(57_000, 60_000);
    }

    [Fact]
    public async Task WithoutProducer_HalvesAreDueAndTheirProducerIsGone_CountsThemUntilItIsBack()
    {
        await using TestBroker broker = await TestBroker.StartAsync(new(TransactionBench.Curious, StringComparer.Ordinal) { ["httpPort"] = "-1" });
        await using (Producer before = await Producer.StartAsync(broker, "pg"))
        {
            await before.SendHalfAsync("Paid", "order", DateTimeOffset.UtcNow);
            await before.SendHalfAsync("Paid", "another", DateTimeOffset.UtcNow);
        }

        await Eventually.TrueAsync(async () => await Scraped.ReadAsync(broker, WithoutProducer) == 2, "nobody can be asked about the two");
        await using Producer after = await Producer.StartAsync(broker, "pg");

        await Eventually.TrueAsync(async () => await Scraped.ReadAsync(broker, WithoutProducer) == 0, "its producer is back");
    }

    /// <summary>A broker with one delay level of a day.</summary>
    private static async Task<TestBroker> StartAsync(FakeTimeProvider time, RecordedLog log, IEnumerable<(string Key, string Value)> more)
    {
        Dictionary<string, string> settings = new(StringComparer.Ordinal) { ["httpPort"] = "-1", ["messageDelayLevel"] = "1d" };
        foreach ((string key, string value) in more)
        {
            settings[key] = value;
        }

        TestBroker broker = await TestBroker.StartAsync(settings, fileSystem: new MemoryFileSystem(), loggers: log, time: time);
        await broker.CreateTopicAsync("Delayed");
        await broker.SubscribeAsync("g", "Delayed");
        return broker;
    }

    private static Task<RemotingCommand> DelayAsync(TestBroker broker, string body) => broker.SendAsync("Delayed", body, properties: Requests.Properties(("DELAY", "1")));

    private static async Task<IReadOnlyList<string>> BodiesAsync(TestBroker broker) => [.. Requests.Decode(await broker.PullAsync("g", "Delayed", 0, 0)).Select(static message => message.Body)];
}
