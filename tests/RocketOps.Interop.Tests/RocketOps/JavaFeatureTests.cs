using System.Globalization;
using System.Text.Json;
using RocketOps.Interop.Tests.Clients;
using RocketOps.Interop.Tests.Fixtures;
using RocketOps.Testing;

namespace RocketOps.Interop.Tests.RocketOps;

/// <summary>
/// Apache's Java clients of both generations try their features against our servers: the scenarios of the kit's <c>rocketmq-check</c> (<see cref="RocketMqCheckTestsOnRocketOps"/>) in one virtual machine for all,
/// and with conditions where the kit sleeps. All but <c>tls</c> and <c>pop5</c>, which our servers do not have, and those of <c>mqadmin</c>, which has tests of its own (<see cref="MqAdminTests"/>).
/// </summary>
[Collection(RocketOpsFeaturesCollection.Name)]
public sealed class JavaFeatureTests(RocketOpsFeaturesFixture fixture)
{
    // A client that waits for something else than messages is stopped when it is there.
    private const string Long = "3600";

    [SkippableFact]
    public Task Send_InEveryWay_IsReceived() => WithEachAsync("ways", async (java, topic) =>
    {
        (string Name, string[] Send, string[] Receive)[] ways =
        [
            ("normal", [], []),
            ("tags", ["--tag", "A,B,C"], ["--tag", "A || C"]),
            ("sql", [], ["--sql", "kitSeq BETWEEN 3 AND 7"]),
            ("utf8", ["--property", "ключ=値 🚀", "--keys", "k€y", "--tag", "тег"], ["--tag", "тег"]),
            ("ordered", ["--sharding", "a,b,c"], ["--orderly"]),
            ("oneway", ["--oneway"], []),
            ("async", ["--async"], []),
            ("batch", ["--batch", "4"], []),
            ("large", ["--size", "1000000"], []),
            ("zlib", ["--size", "20000", "--body", "text", "--compress", "4096", "--compress-type", "ZLIB"], []),
            ("lz4", ["--size", "20000", "--body", "text", "--compress", "4096", "--compress-type", "LZ4"], []),
            ("zstd", ["--size", "20000", "--body", "text", "--compress", "4096", "--compress-type", "ZSTD"], []),
            ("broadcast", [], ["--broadcast"]),
            ("pull", [], ["--mode", "pull"]),
            ("litepull", [], ["--mode", "litepull"]),
        ];
        foreach ((string name, string[] send, string[] receive) in ways)
        {
            await java.RunAsync("send", $"{topic}_{name}", ["--count", "8", .. send]);
            IReadOnlyList<JsonElement> received = await ReceiveAsync(java, $"{topic}_{name}", name is "tags" or "sql" ? 5 : 8, receive);
            if (name == "utf8")
            {
                received.Should().OnlyContain(static line => line.GetProperty("properties").GetProperty("ключ").GetString() == "値 🚀" && line.GetProperty("keys").GetString()!.StartsWith("k€y"));
            }
        }
    });

    [SkippableFact]
    public Task Receive_AGroupThatComesBack_GoesOnWhereItWas() => WithEachAsync("resume", async (java, topic) =>
    {
        await java.RunAsync("send", topic, "--count", "4");
        await ReceiveAsync(java, topic, 4);
        await java.RunAsync("send", topic, "--start", "4", "--count", "4");

        (await ReceiveAsync(java, topic, 4)).Select(static line => line.GetProperty("properties").GetProperty("kitSeq").GetString()).Should().BeEquivalentTo("4", "5", "6", "7");
    });

    [SkippableFact]
    public Task Query_ByKeyIdAndTime_FindsTheMessages() => WithEachAsync("keys", async (java, topic) =>
    {
        string before = DateTimeOffset.UtcNow.AddSeconds(-10).ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);
        IReadOnlyList<JsonElement> sent = await java.RunAsync("send", topic, "--count", "3", "--keys", "K");

        await Eventually.TrueAsync(async () => await TryQueryAsync(java, topic, "K-1") is [var found] && found.GetProperty("bodyOk").GetBoolean(), "the key is in the index");
        (await java.RunAsync("query", topic, "--id", sent[0].GetProperty("offsetMsgId").GetString()!)).Should().ContainSingle();
        (await java.RunAsync("query", topic, "--id", sent[2].GetProperty("msgId").GetString()!)).Should().ContainSingle();
        (await java.RunAsync("query", topic, "--time", before)).Should().HaveCount(4).And.OnlyContain(static line => line.GetProperty("offsetAtTime").GetInt64() == 0);
    });

    [SkippableFact]
    public Task Send_WithADelayLevel_ComesWhenItIsOver() => WithEachAsync("delaylevel", async (java, topic) =>
    {
        await java.RunAsync("send", topic, "--count", "3", "--delay-level", "1");

        (await ReceiveAsync(java, topic, 3)).Should().OnlyContain(static line => line.GetProperty("storeTimestamp").GetInt64() - line.GetProperty("bornTimestamp").GetInt64() >= 1000);
    });

    [SkippableFact]
    public Task Transactions_EndedAndAskedAbout_CommittedOnesCome() => WithEachAsync("transaction", async (java, topic) =>
    {
        await java.RunAsync("send", $"{topic}_ended", "--count", "4", "--transaction", "commit,rollback", "--check", "unknown");
        await ReceiveAsync(java, $"{topic}_ended", 2);

        // The producer stays until it was asked about all of them.
        await using JavaRun producer = await java.StartAsync("send", $"{topic}_open", "--count", "3", "--transaction", "unknown", "--check", "commit", "--linger", Long);
        await ReceiveAsync(java, $"{topic}_open", 3);
        Lines(producer, "check").Should().HaveCountGreaterThanOrEqualTo(3);
    });

    [SkippableFact]
    public Task Request_ToAConsumerOfTheSameKind_GetsItsReply() => WithEachAsync("rpc", async (java, topic) =>
    {
        await Topics.CreateAsync(fixture.Server, topic, queues: 4);
        await using JavaRun replier = await java.StartAsync("reply", topic, "--group", $"G_{topic}", "--seconds", Long);
        await Eventually.TrueAsync(() => Lines(replier, "ready").Any(), "the replier is there");

        (await java.RunAsync("request", topic, "--count", "2")).Select(static line => line.GetProperty("text").GetString()).Should().Equal("reply to 0", "reply to 1");
    });

    [SkippableFact]
    public Task Consume_FailedOnce_ComesOnceMore() => WithEachAsync("retry", async (java, topic) =>
    {
        await java.RunAsync("send", topic, "--count", "3");

        IReadOnlyList<JsonElement> lines = await java.RunAsync("receive", topic, "--group", $"G_{topic}", "--count", "3", "--fail-first", "1", "--later-level", "1", "--seconds", "240");

        JsonElement[] again = [.. lines.Where(static line => IsEvent(line, "message") && line.GetProperty("consumed").GetBoolean())];
        Ids(lines).Should().HaveCount(3);
        Ids(again).Should().HaveCount(3);
        again.Should().OnlyContain(static line => line.GetProperty("reconsumeTimes").GetInt32() == 1 && line.GetProperty("bodyOk").GetBoolean());
    });

    [SkippableFact]
    public Task Consume_FailedAgainAndAgain_ComesToTheDeadLetters() => WithEachAsync("dlq", async (java, topic) =>
    {
        await java.RunAsync("send", topic, "--count", "2");
        await using JavaRun consumer = await java.StartAsync("receive", topic, "--group", $"G_{topic}", "--fail-first", "99", "--later-level", "1", "--max-reconsume", "1", "--seconds", Long);
        await Eventually.TrueAsync(() => Topics.HasRouteAsync(fixture.Server, $"%DLQ%G_{topic}"), "the group has dead letters");

        // At least once: a message whose consumer is not sure that the broker took it back comes again.
        await Eventually.TrueAsync(
            async () => Ids(await java.RunAsync("receive", $"%DLQ%G_{topic}", "--group", $"D_{topic}", "--mode", "pull", "--from", "first", "--no-commit")).Count == 2, "both are among the dead letters");
        Ids(Lines(consumer, "message").Where(static line => line.GetProperty("reconsumeTimes").GetInt32() == 1)).Should().HaveCount(2, "each is tried once more");
    });

    [SkippableFact]
    public Task ConsumeOrderly_FailedTwice_ComesAgainInItsPlace() => WithEachAsync("orderlyretry", async (java, topic) =>
    {
        await Topics.CreateAsync(fixture.Server, topic, queues: 4);
        await java.RunAsync("send", topic, "--count", "2", "--queue", "1");

        IReadOnlyList<JsonElement> lines = await java.RunAsync(
            "receive", topic, "--group", $"G_{topic}", "--orderly", "--count", "2", "--fail-first", "2", "--max-reconsume", "5", "--seconds", "240");

        lines.Where(static line => IsEvent(line, "message")).Select(static line => (line.GetProperty("queueOffset").GetInt64(), line.GetProperty("reconsumeTimes").GetInt32()))
            .Should().Equal((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2));
    });

    [SkippableFact]
    public Task Trace_OfAProducer_IsInTheTraceTopic() => WithEachAsync("trace", async (java, topic) =>
    {
        await using JavaRun producer = await java.StartAsync("send", topic, "--count", "2", "--trace", "--linger", Long);
        await Eventually.TrueAsync(
            async () => (await java.RunAsync("receive", "RMQ_SYS_TRACE_TOPIC", "--group", $"G_{topic}", "--mode", "pull", "--from", "first", "--no-commit", "--body", "text"))
                .Any(line => IsEvent(line, "message") && line.GetProperty("body").GetString()!.Contains(topic, StringComparison.Ordinal)),
            "the trace is there");
    });

    /// <summary>What only clients of 5.x can.</summary>
    [SkippableFact]
    public async Task Timers_DeliveredAndRecalled()
    {
        JavaClient java = new(fixture.JavaVersions[^1], fixture.Server.NameServerAddress);
        await java.RunAsync("send", "JavaTimer", "--count", "3", "--delay-ms", "1500");
        IReadOnlyList<JsonElement> received = await ReceiveAsync(java, "JavaTimer", 3);
        received.Should().OnlyContain(static line => line.GetProperty("storeTimestamp").GetInt64() - line.GetProperty("bornTimestamp").GetInt64() >= 500);

        JsonElement sent = (await java.RunAsync("send", "JavaRecall", "--delay-ms", "3600000")).Should().ContainSingle().Subject;
        JsonElement recalled = (await java.RunAsync("recall", "JavaRecall", "--handle", sent.GetProperty("recallHandle").GetString()!)).Should().ContainSingle().Subject;
        recalled.GetProperty("msgId").GetString().Should().Be(sent.GetProperty("msgId").GetString());
    }

    private static HashSet<string> Ids(IEnumerable<JsonElement> lines) => [.. lines.Where(static line => IsEvent(line, "message")).Select(static line => line.GetProperty("msgId").GetString()!)];

    private static bool IsEvent(JsonElement line, string name) => line.GetProperty("event").GetString() == name;

    private static IEnumerable<JsonElement> Lines(JavaRun run, string name) => JsonLines.Parse(run.Output).Where(line => IsEvent(line, name));

    /// <summary>So many messages, each once and as it was sent.</summary>
    private static async Task<IReadOnlyList<JsonElement>> ReceiveAsync(JavaClient java, string topic, int count, string[]? options = null, string? group = null)
    {
        IReadOnlyList<JsonElement> lines = await java.RunAsync(
            "receive", topic, ["--group", group ?? $"G_{topic}", "--from", "first", "--count", count.ToString(CultureInfo.InvariantCulture), "--seconds", "240", .. options ?? []]);
        JsonElement[] messages = [.. lines.Where(static line => IsEvent(line, "message"))];
        messages.Should().HaveCount(count, topic).And.OnlyContain(static line => line.GetProperty("consumed").GetBoolean() && line.GetProperty("bodyOk").GetBoolean());
        messages.Select(static line => line.GetProperty("msgId").GetString()).Should().OnlyHaveUniqueItems();
        return messages;
    }

    private static async Task<IReadOnlyList<JsonElement>> TryQueryAsync(JavaClient java, string topic, string key)
    {
        await using JavaRun query = await java.StartAsync("query", topic, "--key", key);
        await query.WaitAsync(Eventually.DefaultDeadline);
        return [.. JsonLines.Parse(query.Output)];
    }

    // One after the other: the type of compression is a property of the virtual machine.
    private async Task WithEachAsync(string name, Func<JavaClient, string, Task> tryAsync)
    {
        foreach (string version in fixture.JavaVersions)
        {
            await tryAsync(new JavaClient(version, fixture.Server.NameServerAddress), $"Java_{name}_{version.Replace('.', '_')}");
        }
    }
}
