using System.Net;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Store;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;
using RocketOps.Store.Log;

namespace RocketOps.Broker.Tests.Support;

/// <summary>A store, closed in order, whose level 1 holds messages of queue 0 of the topic <c>Delayed</c>, which is there.</summary>
internal static class DelayedMessages
{
    public static async Task WriteAsync(IStoreFileSystem files, string root, int count)
    {
        await using (TestBroker broker = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["storePathRootDir"] = root }, fileSystem: files))
        {
            await broker.CreateTopicAsync("Delayed");
        }

        StoreOptions options = new() { RootDirectory = root, CommitLogFileBytes = 16_777_216, IndexEnabled = false, Tuning = new() { DiskWarningRatio = 100 } };
        await using MessageStore store = new(options, files, TimeProvider.System, NullLoggerFactory.Instance);
        await store.StartAsync(CancellationToken.None);
        MessageHost host = MessageHost.From(IPAddress.Loopback, 10911);
        byte[] properties = Encoding.UTF8.GetBytes(Requests.Properties(("DELAY", "1"), ("REAL_TOPIC", "Delayed"), ("REAL_QID", "0")));
        for (int i = 0; i < count; i++)
        {
            MessageToAppend message = new()
            {
                Topic = store.GetOrAddTopic("SCHEDULE_TOPIC_XXXX"u8),
                QueueId = 0,
                Fields = new() { BornHost = host, StoreHost = host },
                Body = Encoding.UTF8.GetBytes($"message {i}"),
                Properties = properties,
            };
            store.Writer.Append(message, out _).Should().Be(AppendStatus.Ok);
        }

        store.Writer.WritePending();
    }
}
