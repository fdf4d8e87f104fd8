using System.Text;
using System.Text.Json;
using RocketOps.Broker.Tests.Support;
using RocketOps.Broker.Tests.Timers;
using RocketOps.Protocol.Commands;
using RocketOps.Store;
using RocketOps.Store.Contracts;
using RocketOps.Store.Log;
using RocketOps.Testing.Time;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Pending;

public sealed class PendingMessagesTests
{
    private static readonly Dictionary<string, string> Quiet = new(StringComparer.Ordinal) { ["transactionCheckInterval"] = "3600000", ["messageDelayLevel"] = "1h 2h 1s" };

    [Fact]
    public async Task Delayed_CountsThoseOfTheTopicsQueuesFromANumberOn()
    {
        await using TestBroker broker = await StartAsync();
        for (int queue = 0; queue < 4; queue++)
        {
            await SendDelayedAsync(broker, "Orders", queue, level: 1);
            await SendDelayedAsync(broker, "Orders", queue, level: 2);
            await SendDelayedAsync(broker, "Others", queue, level: 1);
        }

        (await PendingAsync(broker, "Orders", 0)).Should().Be("complete: Delayed 0 x2, Delayed 1 x2, Delayed 2 x2, Delayed 3 x2");
        (await PendingAsync(broker, "Orders", 2)).Should().Be("complete: Delayed 2 x2, Delayed 3 x2");
        (await PendingAsync(broker, "Orders", 4)).Should().Be("complete: ");
        (await PendingAsync(broker, "Orders", 3)).Should().Be("complete: Delayed 3 x2");
        await SendDelayedAsync(broker, "Orders", 3, level: 1);
        (await PendingAsync(broker, "Orders", 3)).Should().Be("complete: Delayed 3 x3", "a scan goes on where it ended");
    }

    [Fact]
    public async Task Delayed_LastDue_IsStoreTimeAndDelay()
    {
        await using TestBroker broker = await StartAsync();
        long before = DateTimeOffset.UtcNow.AddHours(1).ToUnixTimeMilliseconds();
        await SendDelayedAsync(broker, "Orders", 1, level: 1);
        long after = DateTimeOffset.UtcNow.AddHours(1).ToUnixTimeMilliseconds();

        using JsonDocument answer = JsonDocument.Parse((await AskAsync(broker, "Orders", 0)).Body);
        answer.RootElement.GetProperty("pending")[0].GetProperty("lastDueTimestamp").GetInt64().Should().BeInRange(before, after);
    }

    [Fact]
    public async Task Delayed_Delivered_IsInItsQueueWhenItIsNotPending()
    {
        await using TestBroker broker = await StartAsync();
        await broker.SubscribeAsync("g", "Orders");
        await SendDelayedAsync(broker, "Orders", 2, level: 3);

        await Eventually.TrueAsync(async () => await PendingAsync(broker, "Orders", 0) == "complete: ", "the message is delivered");

        Requests.Decode(await broker.PullAsync("g", "Orders", 2, 0)).Should().ContainSingle("what is not pending any more can be read");
    }

    [Fact]
    public async Task Half_CountsUntilItIsSettled_ThenItsDelay()
    {
        await using TestBroker broker = await StartAsync();
        await using Producer producer = await Producer.StartAsync(broker, "pg");
        RemotingCommand kept = await producer.SendHalfAsync("Orders", "kept", DateTimeOffset.UtcNow, queueId: 3);
        RemotingCommand taken = await producer.SendHalfAsync("Orders", "taken", DateTimeOffset.UtcNow, queueId: 3);
        RemotingCommand later = await producer.SendHalfAsync("Orders", "later", DateTimeOffset.UtcNow, 2, ("DELAY", "1"));
        (await PendingAsync(broker, "Orders", 0)).Should().Be("complete: Half 2 x1, Half 3 x2");

        (await producer.RollBackAsync(taken)).Code.Should().Be(ResponseCode.Success);
        (await producer.CommitAsync(later)).Code.Should().Be(ResponseCode.Success);
        (await PendingAsync(broker, "Orders", 0)).Should().Be("complete: Half 3 x1, Delayed 2 x1");

        (await producer.CommitAsync(kept)).Code.Should().Be(ResponseCode.Success);
        (await PendingAsync(broker, "Orders", 0)).Should().Be("complete: Delayed 2 x1");
    }

    [Fact]
    public async Task Timer_CountsUntilItsTime()
    {
        FakeTimeProvider time = new();
        await using TimerBroker timers = await TimerBroker.StartAsync(new MemoryFileSystem(), time);
        await timers.SendAsync("soon", 5_000);
        await timers.SendAsync("late", 3_600_000);
        await timers.UntilTakenAsync(2);
        (await PendingAsync(timers.Broker, TimerBroker.Topic, 0)).Should().Be("complete: Timer 0 x2");

        await timers.RunUntilAsync(TimeSpan.FromSeconds(10), 1);
        await Eventually.TrueAsync(
            async () =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                return await PendingAsync(timers.Broker, TimerBroker.Topic, 0) == "complete: Timer 0 x1";
            },
            "the delivered one is not counted any more");
    }

    [Fact]
    public async Task Retry_CountsForTheWholeTopicOnly()
    {
        await using TestBroker broker = await StartAsync();
        await broker.SubscribeAsync("g", "Orders");
        await broker.SendAsync("Orders", "failing", queueId: 3);
        await broker.PullAsync("g", "Orders", 3, 0);
        await CommitAsync(broker, "g", "Orders", 3, 1);
        RemotingCommand message = Requests.SendBack(
            "g", Requests.Decode(await broker.PullAsync("g", "Orders", 3, 0))[0].PhysicalOffset, delayLevel: 1)
            .Set("originMsgId", "id")
            .Set("originTopic", "Orders")
            .Set("unitMode", false);
        (await broker.InvokeAsync(message)).Code.Should().Be(ResponseCode.Success);

        (await PendingAsync(broker, "Orders", 0)).Should().Be("complete: Retry 0 x1");
        (await PendingAsync(broker, "Orders", 1)).Should().Be("complete: ", "it comes back through the group's retry topic, not through queue 3");

        await broker.SendAsync("%RETRY%g", "waits in the retry topic", properties: Requests.Properties(("RETRY_TOPIC", "Orders")));
        (await PendingAsync(broker, "Orders", 0)).Should().Be("complete: Retry 0 x2");
        await CommitAsync(broker, "g", "%RETRY%g", 0, 1);
        (await PendingAsync(broker, "Orders", 0)).Should().Be("complete: Retry 0 x1");
    }

    [Fact]
    public async Task Pending_SurvivesARestart()
    {
        using TempDirectory directory = new("broker-");
        await using (TestBroker before = await StartAsync(directory))
        {
            await using Producer producer = await Producer.StartAsync(before, "pg");
            await SendDelayedAsync(before, "Orders", 3, level: 1);
            await producer.SendHalfAsync("Orders", "half", DateTimeOffset.UtcNow, queueId: 2);
        }

        await using TestBroker broker = await StartAsync(directory);
        (await PendingAsync(broker, "Orders", 0)).Should().Be("complete: Half 2 x1, Delayed 3 x1");
    }

    [Fact]
    public async Task Pending_MoreThanIsRemembered_IsNotComplete()
    {
        await using TestBroker broker = await StartAsync();
        await WriteScheduledAsync(broker, 10_500);

        string first = await PendingAsync(broker, "Orders", 0);
        first.Should().StartWith("not complete: Delayed 0 x10000", "messages in memory are bounded");
        (await PendingAsync(broker, "Orders", 1)).Should().Be("complete: ", "those of another queue are not remembered");
    }

    [Theory]
    [InlineData("../etc", "0", ResponseCode.SystemError)]
    [InlineData("Orders", "-1", ResponseCode.SystemError)]
    [InlineData("Nobody", "0", ResponseCode.TopicNotExist)]
    [InlineData("Orders", "99999999999", ResponseCode.SystemError)]
    [InlineData("", "0", ResponseCode.SystemError)]
    public async Task Ask_WhatMakesNoSense_IsRefused(string topic, string fromQueue, int code)
    {
        await using TestBroker broker = await StartAsync();
        RemotingCommand request = RemotingCommand.CreateRequest(RequestCode.GetPendingMessages).Set("topic", topic).Set("fromQueueId", fromQueue);
        (await broker.InvokeAsync(request)).Code.Should().Be(code);
    }

    [Fact]
    public async Task Ask_ASlave_IsRefused()
    {
        await using TestBroker broker = await TestBroker.StartAsync(new Dictionary<string, string>(StringComparer.Ordinal) { ["brokerId"] = "1", ["brokerRole"] = "SLAVE" });
        RemotingCommand answer = await broker.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.GetPendingMessages).Set("topic", "SELF_TEST_TOPIC"));
        answer.Code.Should().Be(ResponseCode.SystemError);
        answer.Remark.Should().Contain("slave");
    }

    private static async Task<TestBroker> StartAsync(TempDirectory? directory = null)
    {
        TestBroker broker = await TestBroker.StartAsync(Quiet, directory);
        await broker.CreateTopicAsync("Orders", 4);
        await broker.CreateTopicAsync("Others", 4);
        return broker;
    }

    private static Task<RemotingCommand> SendDelayedAsync(TestBroker broker, string topic, int queue, int level) =>
        broker.SendAsync(topic, "later", queue, Requests.Properties(("DELAY", level.ToString(System.Globalization.CultureInfo.InvariantCulture))));

    private static async Task CommitAsync(TestBroker broker, string group, string topic, int queue, long offset)
    {
        RemotingCommand answer = await broker.InvokeAsync(Requests.Commit(group, topic, queue, offset));
        answer.Code.Should().Be(ResponseCode.Success, answer.Remark);
    }

    /// <summary>Into the log, not by the socket: many.</summary>
    private static async Task WriteScheduledAsync(TestBroker broker, int count)
    {
        MessageStore store = broker.Host.Modules.Host.Store;
        MessageHost host = MessageHost.From(System.Net.IPAddress.Loopback, 10911);
        byte[] properties = Encoding.UTF8.GetBytes(Requests.Properties(("DELAY", "1"), ("REAL_TOPIC", "Orders"), ("REAL_QID", "0")));
        for (int i = 0; i < count; i++)
        {
            MessageToAppend message = new()
            {
                Topic = store.GetOrAddTopic("SCHEDULE_TOPIC_XXXX"u8),
                QueueId = 0,
                Fields = new() { BornHost = host, StoreHost = host },
                Body = "x"u8,
                Properties = properties,
            };
            store.Writer.Append(message, out _).Should().Be(AppendStatus.Ok);
        }

        await store.FinishDispatchAsync();
    }

    private static Task<RemotingCommand> AskAsync(TestBroker broker, string topic, int fromQueue) =>
        broker.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.GetPendingMessages).Set("topic", topic).Set("fromQueueId", fromQueue));

    /// <summary>The answer as text. One that is not complete because something came to light while it was read is asked for again, as a caller would.</summary>
    private static async Task<string> PendingAsync(TestBroker broker, string topic, int fromQueue)
    {
        while (true)
        {
            RemotingCommand answer = await AskAsync(broker, topic, fromQueue);
            answer.Code.Should().Be(ResponseCode.Success, answer.Remark);
            using JsonDocument json = JsonDocument.Parse(answer.Body);
            bool complete = json.RootElement.GetProperty("complete").GetBoolean();
            IEnumerable<JsonElement> pending = json.RootElement.GetProperty("pending").EnumerateArray();
            string counts = string.Join(", ", pending.Select(static count => $"{count.GetProperty("kind").GetString()} {count.GetProperty("queueId")} x{count.GetProperty("count")}"));
            if (complete || counts.Contains("x10000", StringComparison.Ordinal))
            {
                return $"{(complete ? "complete" : "not complete")}: {counts}";
            }
        }
    }
}
