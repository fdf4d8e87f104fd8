using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Store;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;
using RocketOps.Store.Log;
using RocketOps.Testing.Disks;

namespace RocketOps.Interop.Tests;

/// <summary>A store of a few thousand messages in small files, written by our store alone.</summary>
internal static class StoreOfOurs
{
    public const int Messages = 3000;
    public const int Queues = 4;
    public const string Topic = "StoreOfOurs";

    /// <summary>For a broker, so that it finds the files' sizes as they are.</summary>
    public static Dictionary<string, string> Files
    {
        get
        {
            StoreOptions options = Options(string.Empty);
            return new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["mappedFileSizeCommitLog"] = $"{options.CommitLogFileBytes}",
                ["mappedFileSizeConsumeQueue"] = $"{options.ConsumeQueueFileBytes}",
                ["maxHashSlotNum"] = $"{options.IndexSlots}",
                ["maxIndexNum"] = $"{options.IndexEntries}",
            };
        }
    }

    public static StoreOptions Options(string root) => new()
    {
        RootDirectory = root,
        CommitLogFileBytes = 1024 * 1024,
        ConsumeQueueFileBytes = 2000,
        IndexSlots = 500,
        IndexEntries = 400,
        MaxMessageBytes = 512 * 1024,
        Tuning = new() { DiskWarningRatio = 100, DiskMaxUsedRatio = 100, DiskCleanForciblyRatio = 100, DeleteHours = [] },
    };

    public static async Task<MessageStore> StartAsync(StoreOptions options)
    {
        MessageStore store = new(options, new LinuxFileSystem(), TimeProvider.System, NullLoggerFactory.Instance);
        await store.StartAsync(CancellationToken.None);
        return store;
    }

    /// <summary>Writes a store into <c>store</c>; killed: as it lies there while the store runs, which is what SIGKILL leaves.</summary>
    public static async Task<List<WrittenMessage>> WriteAsync(string directory, bool killed)
    {
        string root = Path.Combine(directory, killed ? "running" : "store");
        List<WrittenMessage> written = [];
        await using (MessageStore store = await StartAsync(Options(root)))
        {
            for (int i = 0; i < Messages; i++)
            {
                written.Add(await AppendAsync(store, i));
                if (i % 50 == 0)
                {
                    store.Writer.WritePending();
                }
            }

            await store.FinishDispatchAsync();
            WriteTopics(root);
            if (killed)
            {
                Folders.Copy(root, Path.Combine(directory, "store"));
            }
        }

        return written;
    }

    private static async Task<WrittenMessage> AppendAsync(MessageStore store, int number)
    {
        byte[] body = Encoding.UTF8.GetBytes($"body {number} {new string('x', number % 700)}");
        MessageHost born = MessageHost.From(IPAddress.Parse("10.1.2.3"), 50123);
        AppendStatus status = Append(out AppendResult result);
        while (status == AppendStatus.WouldBlock)
        {
            // The next file of the log is being made.
            (await store.Writer.WhenRoomAsync()).Should().Be(WaitOutcome.Reached);
            status = Append(out result);
        }

        status.Should().Be(AppendStatus.Ok);
        return new WrittenMessage(number % Queues, result.QueueOffset, result.Offset.Value, result.End.Value, Convert.ToHexStringLower(SHA256.HashData(body)));

        AppendStatus Append(out AppendResult result) => store.Writer.Append(
            new MessageToAppend
            {
                Topic = store.GetOrAddTopic(Encoding.UTF8.GetBytes(Topic)),
                QueueId = number % Queues,
                Fields = new RecordFields
                {
                    BornTimestamp = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(),
                    BornHost = born,
                    StoreHost = MessageHost.From(IPAddress.Loopback, 10911),
                },
                Body = body,
                Properties = Encoding.UTF8.GetBytes($"UNIQ_KEY\u0001UNIQ{number:D6}\u0002KEYS\u0001key-{number % 50}\u0002TAGS\u0001tag{number % 3}"),
                MoreProperties = "CLUSTER\u0001DefaultCluster"u8,
            },
            out result);
    }

    private static void WriteTopics(string root)
    {
        Directory.CreateDirectory(Path.Combine(root, "config"));
        File.WriteAllText(
            Path.Combine(root, "config", "topics.json"),
            $"{{\"dataVersion\":{{\"counter\":1,\"timestamp\":1700000000000}},\"topicConfigTable\":{{\"{Topic}\":{{\"order\":false,\"perm\":6,\"readQueueNums\":{Queues},"
            + $"\"topicFilterType\":\"SINGLE_TAG\",\"topicName\":\"{Topic}\",\"topicSysFlag\":0,\"writeQueueNums\":{Queues}}}}}}}");
    }
}
