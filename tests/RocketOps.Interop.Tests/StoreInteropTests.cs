using System.Text;
using System.Text.Json;
using RocketOps.Interop.Tests.Clients;
using RocketOps.Interop.Tests.Fixtures;
using RocketOps.Store;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Testing;
using RocketOps.Testing.Processes;
using RocketOps.Testing.Rings;
using RocketOps.Testing.Servers;

namespace RocketOps.Interop.Tests;

/// <summary>
/// A store written here is Apache's to read: its decoder lists every record and unit, and its brokers open the directory, after a clean stop and after a kill,
/// serve every message, and append to it; then it opens here again.
/// </summary>
public sealed class StoreInteropTests
{
    private const string Topic = StoreOfOurs.Topic;
    private const int Messages = StoreOfOurs.Messages;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(8);

    /// <summary>One version of the decoder in the gate: records are the same in both, and both versions' brokers read such a store in <see cref="ApacheSessionTests"/>.</summary>
    public static TheoryData<string> DumpVersions => Depth.IsDeep ? [ApacheServer.Version4, ApacheServer.Version5] : [ApacheServer.Version5];

    [SkippableTheory]
    [MemberData(nameof(DumpVersions))]
    public async Task StoreDump_StoreOfOurs_ListsEveryRecordAndUnit(string version)
    {
        Kit.Require(SharedKits.RocketMq);
        using TempDirectory directory = new();
        List<WrittenMessage> written = await StoreOfOurs.WriteAsync(directory.Path, killed: false);

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

    // Deep: starts a broker of Apache's for each row; ApacheSessionTests does the same once for each version, and more with it.
    [Trait("ring", "deep")]
    [SkippableTheory]
    [InlineData(ApacheServer.Version4, false)]
    [InlineData(ApacheServer.Version4, true)]
    [InlineData(ApacheServer.Version5, false)]
    [InlineData(ApacheServer.Version5, true)]
    public async Task Broker_StoreOfOurs_ServesEveryMessageAndGivesItBack(string version, bool killed)
    {
        Kit.Require(SharedKits.RocketMq);
        using TempDirectory directory = new();
        List<WrittenMessage> written = await StoreOfOurs.WriteAsync(directory.Path, killed);
        StoreOptions options = StoreOfOurs.Options(directory.File("store"));
        ServerOptions server = new()
        {
            StoreDirectory = options.RootDirectory,
            Broker = StoreOfOurs.Files,
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

        await using MessageStore again = await StoreOfOurs.StartAsync(options);
        StoreTopic topic = again.GetOrAddTopic(Encoding.UTF8.GetBytes(Topic));
        long total = 0;
        for (int queue = 0; queue < StoreOfOurs.Queues; queue++)
        {
            total += (await again.Reader.GetOffsetsAsync(topic, queue, CancellationToken.None)).Max;
        }

        total.Should().Be(Messages + 20, "what Apache's broker added is there too");
        foreach (WrittenMessage message in written)
        {
            byte[]? record = await again.Reader.LookMessageAsync(new PhysicalOffset(message.Offset), CancellationToken.None);
            record.Should().NotBeNull();
        }
    }

    private static string? Kind(JsonElement line) => line.GetProperty("kind").GetString();
}
