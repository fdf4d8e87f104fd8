using System.Net;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Broker.Tests.Support;
using RocketOps.Remoting.Commands;
using RocketOps.Store;
using RocketOps.Store.Files;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Delay;

public sealed class ScheduleServiceTests
{
    [Fact]
    public async Task Deliver_GapsAndAMessageWithoutAPlace_GivesTheOthersOnce()
    {
        using TempDirectory directory = new("broker-");
        await WriteScheduleQueueAsync(directory.File("store"));
        await using TestBroker broker = await TestBroker.StartAsync(directory: directory);
        await broker.CreateTopicAsync("Delayed");
        await broker.SubscribeAsync("g", "Delayed");

        await Eventually.TrueAsync(async () => await DelayOffsetsAsync(broker) is var offsets && offsets.Contains("1:4", StringComparison.Ordinal), "level 1 is delivered to its end");

        Requests.Decode(await broker.PullAsync("g", "Delayed", 0, 0)).Select(static message => message.Body).Should().Equal("first", "second");
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
        await Eventually.TrueAsync(() => broker.Host.Parts.DelayOffsets.Get(1) == 1, "the message is delivered");

        Requests.Decode(await broker.PullAsync("g", "Kept", 0, 0)).Select(static message => message.Body).Should().Equal("at once", "later");
    }

    /// <summary>Level 1 holds: a unit that points nowhere, a message whose true topic cannot be, and two good ones.</summary>
    private static async Task WriteScheduleQueueAsync(string root)
    {
        StoreOptions options = new() { RootDirectory = root, CommitLogFileBytes = 16_777_216, IndexEnabled = false, Tuning = new() { DiskWarningRatio = 100 } };
        await using (MessageStore store = new(options, new LinuxFileSystem(), TimeProvider.System, NullLoggerFactory.Instance))
        {
            await store.StartAsync(CancellationToken.None);
            Append(store, "lost", "Delayed");
            Append(store, "poison", "../../etc");
            Append(store, "first", "Delayed");
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
            BornHost = host,
            StoreHost = host,
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
