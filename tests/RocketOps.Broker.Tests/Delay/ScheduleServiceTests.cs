using System.Net;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Store;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;
using RocketOps.Store.Log;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Delay;

public sealed class ScheduleServiceTests
{
    [Fact]
    public async Task Deliver_GapsAndMessagesWithoutAPlace_GivesTheOthersOnce_AndKeepsThese()
    {
        using TempDirectory directory = new("broker-");
        await using (TestBroker before = await TestBroker.StartAsync(directory: directory))
        {
            await before.CreateTopicAsync("Delayed");
        }

        await WriteScheduleQueueAsync(directory.File("store"));
        await using TestBroker broker = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["httpPort"] = "-1" }, directory);
        await broker.SubscribeAsync("g", "Delayed");

        await Eventually.TrueAsync(async () => await DelayOffsetsAsync(broker) is var offsets && offsets.Contains("1:6", StringComparison.Ordinal), "level 1 is delivered to its end");

        Requests.Decode(await broker.PullAsync("g", "Delayed", 0, 0)).Select(static message => message.Body).Should().Equal("first", "second");
        IReadOnlyList<Requests.Received> kept = Requests.Decode(await broker.PullAsync("reader", "rmq_sys_undeliverable", 0, 0, sysFlag: 4, subscription: "*"));
        kept.Select(static message => (message.Body, message.Properties.Get("REAL_TOPIC"))).Should().Equal(("poison", "../../etc"), ("gone", "Nowhere"), ("op", "RMQ_SYS_TRANS_OP_HALF_TOPIC"));
        broker.Host.Modules.Host.Store.FindTopic("Nowhere"u8).Should().BeNull("a delivery makes no topics");
        using HttpClient http = new();
        (await http.GetStringAsync($"http://{broker.Host.HttpEndPoint}/metrics")).Should()
            .MatchRegex("(?m)^rocketops_messages_undeliverable_total\\{.*\\} 3$").And.MatchRegex("(?m)^rocketops_messages_passed_over_total\\{.*\\} 1$", "of the gap");
    }

    /// <summary>What was taken under a larger limit, and waits, is stored again under a smaller one; a producer that sends as much is refused.</summary>
    [Fact]
    public async Task Deliver_LargerThanIsTakenNow_IsDelivered()
    {
        using TempDirectory directory = new("broker-");
        string body = new('x', 3000);
        await using (TestBroker before = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["messageDelayLevel"] = "2h" }, directory))
        {
            await before.CreateTopicAsync("Delayed");
            await before.SendAsync("Delayed", body, properties: Requests.Properties(("DELAY", "1")));
        }

        await using TestBroker broker = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["messageDelayLevel"] = "0s", ["maxMessageSize"] = "1000" }, directory);
        await broker.SubscribeAsync("g", "Delayed");
        await Eventually.TrueAsync(() => broker.Host.Modules.Offsets.Delays.Get(1) == 1, "the message is delivered");

        Requests.Decode(await broker.PullAsync("g", "Delayed", 0, 0)).Should().ContainSingle().Which.Body.Should().Be(body);
        (await broker.InvokeAsync(Requests.Send("Delayed", body))).Code.Should().Be(ResponseCode.MessageIllegal);
    }

    /// <summary>Larger than what a store has room for by itself: it keeps the room that it had when the message came.</summary>
    [Fact]
    public async Task Deliver_TakenUnderAMuchLargerLimit_IsDelivered()
    {
        using TempDirectory directory = new("broker-");
        string body = new('x', 8_000_000);
        await using (TestBroker before = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["messageDelayLevel"] = "2h", ["maxMessageSize"] = "9000000" }, directory))
        {
            await before.CreateTopicAsync("Delayed");
            await before.SendAsync("Delayed", body, properties: Requests.Properties(("DELAY", "1")));
        }

        await using TestBroker broker = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["messageDelayLevel"] = "0s" }, directory);
        await broker.SubscribeAsync("g", "Delayed");
        await Eventually.TrueAsync(() => broker.Host.Modules.Offsets.Delays.Get(1) == 1, "the message is delivered");

        Requests.Decode(await broker.PullAsync("g", "Delayed", 0, 0)).Should().ContainSingle().Which.Body.Should().Be(body);
        (await broker.InvokeAsync(Requests.Send("Delayed", body))).Code.Should().Be(ResponseCode.MessageIllegal);
    }

    /// <summary>Larger than anything the store takes again, in its own topic and in that of messages without a place, as it does not know of the limit there was: it is passed over and counted, and holds nobody up.</summary>
    [Fact]
    public async Task Deliver_LargerThanTheStoreTakes_IsPassedOverAndCounted()
    {
        using TempDirectory directory = new("broker-");
        await using (TestBroker before = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["messageDelayLevel"] = "2h", ["maxMessageSize"] = "9000000" }, directory))
        {
            await before.CreateTopicAsync("Delayed");
            await before.SendAsync("Delayed", new string('x', 8_000_000), properties: Requests.Properties(("DELAY", "1")));
            await before.SendAsync("Delayed", "behind it", properties: Requests.Properties(("DELAY", "1")));
        }

        File.Delete(directory.File("store", "config", "largestBody"));
        await using TestBroker broker = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["messageDelayLevel"] = "0s", ["httpPort"] = "-1" }, directory);
        await broker.SubscribeAsync("g", "Delayed");
        await Eventually.TrueAsync(() => broker.Host.Modules.Offsets.Delays.Get(1) == 2, "the level is delivered to its end");

        Requests.Decode(await broker.PullAsync("g", "Delayed", 0, 0)).Should().ContainSingle().Which.Body.Should().Be("behind it");
        using HttpClient http = new();
        (await http.GetStringAsync($"http://{broker.Host.HttpEndPoint}/metrics")).Should()
            .MatchRegex("(?m)^rocketops_messages_passed_over_total\\{.*\\} 1$").And.MatchRegex("(?m)^rocketops_messages_undeliverable_total\\{.*\\} 0$");
    }

    /// <summary>Where nobody reads any more it would be lost. A queue that is only read, or only written to, is one that sends go to as well.</summary>
    [Theory]
    [InlineData(4, 4, false)]
    [InlineData(8, 4, true)]
    [InlineData(4, 8, true)]
    public async Task Deliver_ToAQueueThatItsTopicHasNoMore_IsKept(int readQueues, int writeQueues, bool isDelivered)
    {
        using TempDirectory directory = new("broker-");
        await using (TestBroker before = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["messageDelayLevel"] = "2h" }, directory))
        {
            await before.CreateTopicAsync("Delayed", queues: 8);
            await before.SendAsync("Delayed", "last queue", queueId: 7, Requests.Properties(("DELAY", "1")));
            await before.SendAsync("Delayed", "first queue", queueId: 0, Requests.Properties(("DELAY", "1")));
            await before.CreateTopicAsync("Delayed", readQueues, writeQueues: writeQueues);
        }

        await using TestBroker broker = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["messageDelayLevel"] = "0s" }, directory);
        await broker.SubscribeAsync("g", "Delayed");
        await Eventually.TrueAsync(() => broker.Host.Modules.Offsets.Delays.Get(1) == 2, "the level is delivered to its end");

        Requests.Decode(await broker.PullAsync("g", "Delayed", 0, 0)).Should().ContainSingle().Which.Body.Should().Be("first queue");
        MessageStore store = broker.Host.Modules.Host.Store;
        (await store.Reader.GetOffsetsAsync(store.GetOrAddTopic("Delayed"u8), 7, CancellationToken.None)).Max.Should().Be(isDelivered ? 1 : 0);
        IReadOnlyList<Requests.Received> kept = Requests.Decode(await broker.PullAsync("reader", "rmq_sys_undeliverable", 0, 0, sysFlag: 4, subscription: "*"));
        (string, string?)[] expected = isDelivered ? [] : [("last queue", "7")];
        kept.Select(static message => (message.Body, message.Properties.Get("REAL_QID"))).Should().Equal(expected);
    }

    /// <summary>After a restart the store does not know where the target queue ends before it has looked: the message waits for that and is not passed over.</summary>
    [Fact]
    public async Task Deliver_AfterARestart_IntoAQueueThatHasMessages()
    {
        using TempDirectory directory = new("broker-");
        Dictionary<string, string> settings = new(StringComparer.Ordinal) { ["messageDelayLevel"] = "1s" };
        await using (TestBroker before = await TestBroker.StartAsync(settings, directory))
        {
            await before.SendAsync("Kept", "at once");
            await before.SendAsync("Kept", "later", properties: Requests.Properties(("DELAY", "1")));
        }

        await using TestBroker broker = await TestBroker.StartAsync(settings, directory);
        await broker.SubscribeAsync("g", "Kept");
        await Eventually.TrueAsync(() => broker.Host.Modules.Offsets.Delays.Get(1) == 1, "the message is delivered");

        Requests.Decode(await broker.PullAsync("g", "Kept", 0, 0)).Select(static message => message.Body).Should().Equal("at once", "later");
    }

    /// <summary>Somebody has removed the log and left the configuration: what comes into the new log is not what was delivered of the old one.</summary>
    [Fact]
    public async Task Deliver_TheProgressIsThatOfALogThatWasRemoved_TheFirstMessagesAreDelivered()
    {
        using TempDirectory directory = new("broker-");
        Dictionary<string, string> settings = new(StringComparer.Ordinal) { ["messageDelayLevel"] = "0s" };
        await using (TestBroker before = await TestBroker.StartAsync(settings, directory))
        {
            await before.CreateTopicAsync("Delayed");
            await before.SendAsync("Delayed", "old", properties: Requests.Properties(("DELAY", "1")));
            await before.SendAsync("Delayed", "old too", properties: Requests.Properties(("DELAY", "1")));
            await Eventually.TrueAsync(() => before.Host.Modules.Offsets.Delays.Get(1) == 2, "both are delivered");
        }

        string config = directory.File("store", "config");
        Directory.Move(config, directory.File("config"));
        Directory.Delete(directory.File("store"), recursive: true);
        Directory.CreateDirectory(directory.File("store"));
        Directory.Move(directory.File("config"), config);
        await using TestBroker broker = await TestBroker.StartAsync(settings, directory);
        await Eventually.TrueAsync(() => broker.Host.Modules.Offsets.Delays.Get(1) == 0, "the level begins where its queue does");

        await broker.SendAsync("Delayed", "new", properties: Requests.Properties(("DELAY", "1")));

        await broker.SubscribeAsync("g", "Delayed");
        await Eventually.TrueAsync(() => broker.Host.Modules.Offsets.Delays.Get(1) == 1, "the level is delivered to its end");
        Requests.Decode(await broker.PullAsync("g", "Delayed", 0, 0)).Should().ContainSingle().Which.Body.Should().Be("new");
    }

    /// <summary>Level 1 holds: a unit that points nowhere, messages whose true topic cannot be, is not there and is the broker's own, and two good ones.</summary>
    private static async Task WriteScheduleQueueAsync(string root)
    {
        StoreOptions options = new() { RootDirectory = root, CommitLogFileBytes = 16_777_216, IndexEnabled = false, Tuning = new() { DiskWarningRatio = 100 } };
        await using (MessageStore store = new(options, new LinuxFileSystem(), TimeProvider.System, NullLoggerFactory.Instance))
        {
            await store.StartAsync(CancellationToken.None);
            Append(store, "lost", "Delayed");
            Append(store, "poison", "../../etc");
            Append(store, "gone", "Nowhere");
            Append(store, "first", "Delayed");
            Append(store, "op", "RMQ_SYS_TRANS_OP_HALF_TOPIC");
            Append(store, "second", "Delayed");
            store.Writer.WritePending();
        }

        using FileStream queue = File.OpenWrite(Path.Combine(root, "consumequeue", "SCHEDULE_TOPIC_XXXX", "0", "00000000000000000000"));
        queue.Write([0, 0, 0, 0, 0, 0, 0, 0, 0x7F, 0xFF, 0xFF, 0xFF]);
    }

    private static void Append(MessageStore store, string body, string realTopic)
    {
        MessageHost host = MessageHost.From(IPAddress.Loopback, 10911);
        MessageToAppend message = new()
        {
            Topic = store.GetOrAddTopic("SCHEDULE_TOPIC_XXXX"u8),
            QueueId = 0,
            Fields = new() { BornHost = host, StoreHost = host },
            Body = Encoding.UTF8.GetBytes(body),
            Properties = Encoding.UTF8.GetBytes(Requests.Properties(("DELAY", "1"), ("REAL_TOPIC", realTopic), ("REAL_QID", "0"))),
        };
        store.Writer.Append(message, out _).Should().Be(AppendStatus.Ok);
    }

    private static async Task<string> DelayOffsetsAsync(TestBroker broker)
    {
        RemotingCommand answer = await broker.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.GetAllDelayOffset));
        return Encoding.UTF8.GetString(answer.Body.Span);
    }
}
