using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Interop.Tests.Clients;
using RocketOps.Interop.Tests.Fixtures;
using RocketOps.Store;
using RocketOps.Store.Files;
using RocketOps.Testing;
using RocketOps.Testing.Processes;
using RocketOps.Testing.Servers;

namespace RocketOps.Interop.Tests;

/// <summary>
/// A store written here is Apache's to read: its decoder lists every record and unit, and its brokers open the directory, after a clean stop and after a kill,
/// serve every message, and append to it; then it opens here again.
/// </summary>
public sealed class StoreInteropTests
{
    private const int Messages = 3000;
    private const int Queues = 4;
    private const string Topic = "StoreOfOurs";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(8);

    [SkippableTheory]
    [InlineData(ApacheServer.Version4)]
    [InlineData(ApacheServer.Version5)]
    public async Task StoreDump_StoreOfOurs_ListsEveryRecordAndUnit(string version)
    {
        Kit.Require(SharedKits.RocketMq);
        using TempDirectory directory = new();
        List<Written> written = await WriteAsync(directory.Path, killed: false);

        ProcessResult result = await ChildProcess.RunAsync(
            Path.Combine(SharedKits.RocketMq, "bin", "rocketmq-store-dump"), ["--version", version, directory.File("store")], Patience, JavaEnvironment.Variables);

        List<JsonElement> lines = [.. JsonLines.Parse(result.EnsureSuccess().Output)];
        List<JsonElement> messages = [.. lines.Where(line => Kind(line) == "message")];
        messages.Should().HaveCount(Messages);
        for (int i = 0; i < Messages; i++)
        {
            messages[i].GetProperty("physicalOffset").GetInt64().Should().Be(written[i].Offset);
            messages[i].GetProperty("bodySha256").GetString().Should().Be(written[i].BodySha256);
            messages[i].GetProperty("uniqKey").GetString().Should().Be($"UNIQ{i:D6}");
            messages[i].GetProperty("bornHost").GetString().Should().Be("10.1.2.3:50123");
        }

        lines.Single(line => Kind(line) == "tail").GetProperty("physicalOffset").GetInt64().Should().Be(written[^1].End);
        lines.Count(line => Kind(line) == "blank").Should().BePositive("the log has rolled");
        lines.Where(line => Kind(line) == "queue").Sum(line => line.GetProperty("units").GetArrayLength()).Should().Be(Messages);
        lines.Where(line => Kind(line) == "index").Sum(line => line.GetProperty("indexCount").GetInt32() - 1).Should().Be(Messages * 2);
    }

    [SkippableTheory]
    [InlineData(ApacheServer.Version4, false)]
    [InlineData(ApacheServer.Version4, true)]
    [InlineData(ApacheServer.Version5, false)]
    [InlineData(ApacheServer.Version5, true)]
    public async Task Broker_StoreOfOurs_ServesEveryMessageAndGivesItBack(string version, bool killed)
    {
        Kit.Require(SharedKits.RocketMq);
        using TempDirectory directory = new();
        List<Written> written = await WriteAsync(directory.Path, killed);
        StoreOptions options = Options(directory.File("store"));
        ServerOptions server = new()
        {
            StoreDirectory = options.RootDirectory,
            Broker = new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["mappedFileSizeCommitLog"] = $"{options.CommitLogFileBytes}",
                ["mappedFileSizeConsumeQueue"] = $"{options.ConsumeQueueFileBytes}",
                ["maxHashSlotNum"] = $"{options.IndexSlots}",
                ["maxIndexNum"] = $"{options.IndexEntries}",
            },
        };
        await using (ApacheServer apache = new(version, server))
        {
            await apache.StartAsync();
            JavaClient client = new(version, apache.NameServerAddress);

            IReadOnlyList<JsonElement> received = await client.RunAsync("receive", Topic, "--group", "check", "--mode", "pull", "--from", "first", "--no-commit", "--seconds", "120");

            Dictionary<(int, long), string> served = received.Where(line => line.GetProperty("event").GetString() == "message").ToDictionary(
                line => (line.GetProperty("queueId").GetInt32(), line.GetProperty("queueOffset").GetInt64()),
                line => line.GetProperty("bodySha256").GetString()!);
            served.Should().Equal(written.ToDictionary(message => (message.QueueId, message.QueueOffset), message => message.BodySha256));
            IReadOnlyList<JsonElement> byKey = await client.RunAsync("query", Topic, "--key", "key-7");
            byKey.Should().NotBeEmpty();
            await client.RunAsync("send", Topic, "--count", "20");
            await apache.StopBrokerAsync();
        }

        await using MessageStore again = await StartAsync(options);
        StoreTopic topic = again.GetOrAddTopic(Encoding.UTF8.GetBytes(Topic));
        long total = 0;
        for (int queue = 0; queue < Queues; queue++)
        {
            total += (await again.Reader.GetOffsetsAsync(topic, queue, CancellationToken.None)).Max;
        }

        total.Should().Be(Messages + 20, "what Apache's broker added is there too");
        foreach (Written message in written)
        {
            byte[]? record = await again.Reader.LookMessageAsync(new PhysicalOffset(message.Offset), CancellationToken.None);
            record.Should().NotBeNull();
        }
    }

    private static string? Kind(JsonElement line) => line.GetProperty("kind").GetString();

    private static StoreOptions Options(string root) => new()
    {
        RootDirectory = root,
        CommitLogFileBytes = 1024 * 1024,
        ConsumeQueueFileBytes = 2000,
        IndexSlots = 500,
        IndexEntries = 400,
        MaxMessageBytes = 512 * 1024,
        Tuning = new() { DiskWarningRatio = 100, DiskMaxUsedRatio = 100, DiskCleanForciblyRatio = 100, DeleteHours = [] },
    };

    private static async Task<MessageStore> StartAsync(StoreOptions options)
    {
        MessageStore store = new(options, new LinuxFileSystem(), TimeProvider.System, NullLoggerFactory.Instance);
        await store.StartAsync(CancellationToken.None);
        return store;
    }

    /// <summary>Writes a store into <c>store</c>; killed: as it lies there while the store runs, which is what SIGKILL leaves.</summary>
    private static async Task<List<Written>> WriteAsync(string directory, bool killed)
    {
        string root = Path.Combine(directory, killed ? "running" : "store");
        List<Written> written = [];
        await using (MessageStore store = await StartAsync(Options(root)))
        {
            for (int i = 0; i < Messages; i++)
            {
                written.Add(Append(store, i));
                if (i % 50 == 0)
                {
                    store.Writer.WritePending();
                }
            }

            store.Writer.WritePending();
            WriteTopics(root);
            if (killed)
            {
                CopyDirectory(root, Path.Combine(directory, "store"));
            }
        }

        return written;
    }

    private static Written Append(MessageStore store, int number)
    {
        byte[] body = Encoding.UTF8.GetBytes($"body {number} {new string('x', number % 700)}");
        MessageHost born = MessageHost.From(IPAddress.Parse("10.1.2.3"), 50123);
        MessageToAppend message = new()
        {
            Topic = store.GetOrAddTopic(Encoding.UTF8.GetBytes(Topic)),
            QueueId = number % Queues,
            BornTimestamp = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(),
            BornHost = born,
            StoreHost = MessageHost.From(IPAddress.Loopback, 10911),
            Body = body,
            Properties = Encoding.UTF8.GetBytes($"UNIQ_KEY\u0001UNIQ{number:D6}\u0002KEYS\u0001key-{number % 50}\u0002TAGS\u0001tag{number % 3}"),
            MoreProperties = "CLUSTER\u0001DefaultCluster"u8,
        };
        store.Writer.Append(message, out AppendResult result).Should().Be(AppendStatus.Ok);
        return new Written(number % Queues, result.QueueOffset, result.Offset.Value, result.End.Value, Convert.ToHexStringLower(SHA256.HashData(body)));
    }

    private static void WriteTopics(string root)
    {
        Directory.CreateDirectory(Path.Combine(root, "config"));
        File.WriteAllText(
            Path.Combine(root, "config", "topics.json"),
            $"{{\"dataVersion\":{{\"counter\":1,\"timestamp\":1700000000000}},\"topicConfigTable\":{{\"{Topic}\":{{\"order\":false,\"perm\":6,\"readQueueNums\":{Queues},"
            + $"\"topicFilterType\":\"SINGLE_TAG\",\"topicName\":\"{Topic}\",\"topicSysFlag\":0,\"writeQueueNums\":{Queues}}}}}}}");
    }

    private static void CopyDirectory(string from, string to)
    {
        foreach (string file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            string target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }

    private sealed record Written(int QueueId, long QueueOffset, long Offset, long End, string BodySha256);
}
