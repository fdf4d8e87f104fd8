using System.Globalization;
using System.Text.Json;
using RocketOps.Interop.Tests.Clients;
using RocketOps.Interop.Tests.Fixtures;
using RocketOps.Testing;

namespace RocketOps.Interop.Tests;

/// <summary>What npm's ali-ons can beside what it shares with the other libraries in <see cref="ClientMatrixTests"/>.</summary>
public abstract class NodeClientTests(ServerFixture fixture)
{
    private const int Messages = 6;
    private const string Patience = "220";

    [SkippableFact]
    public async Task Receive_AsBroadcast_EachMemberGetsEveryMessage()
    {
        NodeClient node = Client();
        string topic = await CreateTopicAsync("NodeBroadcast");
        IReadOnlyList<JsonElement> sent = await node.RunAsync("send", topic, ["--count", Text(Messages)]);

        IReadOnlyList<JsonElement>[] members = await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => ReceiveAsync(node, topic, Messages, "--broadcast")));

        foreach (IReadOnlyList<JsonElement> member in members)
        {
            member.Select(Body).Should().BeEquivalentTo(sent.Select(Body));
        }
    }

    [SkippableFact]
    public async Task Receive_FailedOnce_ComesAgainByWayOfTheRetryTopic()
    {
        NodeClient node = Client();
        string topic = await CreateTopicAsync("NodeRetry");
        IReadOnlyList<JsonElement> sent = await node.RunAsync("send", topic, ["--count", "2", "--tag", "A", "--keys", "again"]);

        IReadOnlyList<JsonElement> received = await ReceiveAsync(node, topic, 2, "--fail-first", "1");

        JsonElement[] again = [.. received.Where(static line => line.GetProperty("consumed").GetBoolean())];
        again.Select(Body).Should().BeEquivalentTo(sent.Select(Body));
        again.Should().OnlyContain(line => line.GetProperty("reconsumeTimes").GetInt32() == 1 && line.GetProperty("tags").GetString() == "A" && line.GetProperty("topic").GetString() == topic);
    }

    [SkippableFact]
    public async Task Send_WithADelayLevel_ComesNotBeforeItsTime()
    {
        NodeClient node = Client();
        string topic = await CreateTopicAsync("NodeDelay");
        IReadOnlyList<JsonElement> sent = await node.RunAsync("send", topic, ["--count", "2", "--delay-level", "1"]);

        IReadOnlyList<JsonElement> received = await ReceiveAsync(node, topic, 2);

        received.Select(Body).Should().BeEquivalentTo(sent.Select(Body));
        // What is delivered is stored anew; level 1 is a second.
        received.Should().OnlyContain(static line => line.GetProperty("storeTimestamp").GetInt64() - line.GetProperty("bornTimestamp").GetInt64() >= 1_000);
    }

    [SkippableFact]
    public async Task Subscribe_BySql_GetsWhatMatches()
    {
        NodeClient node = Client();
        string topic = await CreateTopicAsync("NodeSql");
        IReadOnlyList<JsonElement> sent = await node.RunAsync("send", topic, ["--count", Text(Messages), "--number", "price"]);

        IReadOnlyList<JsonElement> received = await ReceiveAsync(node, topic, 3, "--sql", "price BETWEEN 2 AND 4");

        received.Select(Body).Should().BeEquivalentTo(sent.Skip(2).Take(3).Select(Body));
    }

    /// <summary>The library compresses what has 4 KiB and more.</summary>
    [SkippableFact]
    public async Task Send_Compressed_ComesUnchanged()
    {
        NodeClient node = Client();
        string topic = await CreateTopicAsync("NodeLarge");
        IReadOnlyList<JsonElement> sent = await node.RunAsync("send", topic, ["--body", new string('z', 20_000)]);

        IReadOnlyList<JsonElement> received = await ReceiveAsync(node, topic, 1);

        received.Select(Body).Should().Equal(sent.Select(Body));
    }

    private NodeClient Client()
    {
        string? missing = SharedKits.WhyMissing(Path.Combine(NodeClient.Folder, "node_modules"));
        Kit.RequireWhat(missing is null ? null : $"{missing}: npm ci in tests/interop-node installs it");
        return new NodeClient(fixture.Server.NameServerAddress);
    }

    private async Task<string> CreateTopicAsync(string name)
    {
        await Topics.CreateAsync(fixture.Server, name, queues: 4);
        return name;
    }

    private static Task<IReadOnlyList<JsonElement>> ReceiveAsync(NodeClient node, string topic, int count, params string[] options) =>
        node.RunAsync("receive", topic, ["--group", $"g_{topic}", "--count", Text(count), "--seconds", Patience, .. options]);

    private static string Body(JsonElement line) => line.GetProperty("bodySha256").GetString()!;

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
