using System.Text.Json;
using RocketOps.Cli.Tests.Support;
using RocketOps.Testing;

namespace RocketOps.Cli.Tests.Commands;

/// <summary>Topics altered, brokers configured, messages found, load measured, words completed.</summary>
[Collection(nameof(ClusterFixture))]
public sealed class AdministrationTests(ClusterFixture cluster)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task TopicAlter_ShowsTheDifferenceAndAsks()
    {
        string topic = await cluster.NewTopicAsync(queues: 2);

        CliRun unasked = await cluster.RunAsync("topic", "alter", topic, "--queues", "4", "--permission", "r", "--force");
        CliRun done = (await cluster.RunAtTerminalAsync("yes\n", "topic", "alter", topic, "--queues", "4", "--permission", "r", "--force")).EnsureSuccess();
        CliRun again = (await cluster.RunAsync("topic", "alter", topic, "--queues", "4", "--force")).EnsureSuccess();

        string difference = $"{topic} on broker-a: read queues 2 -> 4, write queues 2 -> 4, permission rw -> r\n";
        unasked.Should().Be(new CliRun(1, difference, $"rocketops: Change topic {topic}? There is no terminal to ask at: give --yes to do it.\n"));
        done.Output.Should().Be(difference + $"{topic}: changed on broker-a\n");
        again.Error.Should().Be($"{topic} is like that already\n");
    }

    [Fact]
    public async Task TopicAlter_FewerReadQueues_SaysWhatIsLost()
    {
        string topic = await cluster.NewTopicAsync(queues: 4);

        (await cluster.RunAsync("topic", "alter", topic, "--read-queues", "2")).Output.Should().Be($"{topic} on broker-a: read queues 4 -> 2 (messages in the others can no longer be read)\n");
    }

    [Fact]
    public async Task BrokerConfig_GetAndSet_ShowAndChangeOne()
    {
        CliRun before = (await cluster.RunAsync("broker", "config", "get", "defaultQueryMaxNum", "-o", "json")).EnsureSuccess();
        string current = JsonDocument.Parse(before.Output).RootElement[0].GetProperty("value").GetString()!;
        string next = current == "71" ? "72" : "71";

        CliRun set = (await cluster.RunAsync("broker", "config", "set", $"defaultQueryMaxNum={next}", "--broker", "broker-a", "--yes")).EnsureSuccess();

        set.Output.Should().Be($"broker-a/0: defaultQueryMaxNum {current} -> {next}\nbroker-a/0: changed\n");
        (await cluster.RunAsync("broker", "config", "get", "defaultQueryMaxNum")).EnsureSuccess().OutputLines.Last().Should().MatchRegex($"^broker-a/0 +defaultQueryMaxNum +{next}$");
        (await cluster.RunAsync("broker", "config", "set", $"defaultQueryMaxNum={next}")).EnsureSuccess().Error.Should().Be("every broker is set like that already\n");
    }

    [Fact]
    public async Task BrokerConfig_UnknownKeyOrBroker_NamesTheNearest()
    {
        (await cluster.RunAsync("broker", "config", "set", "defaultQueryMaxNums=1")).Error.Should().Be("rocketops: broker-a/0 has no key defaultQueryMaxNums. Did you mean defaultQueryMaxNum?\n");
        (await cluster.RunAsync("broker", "config", "get", "--broker", "broker-b")).Error.Should().Be("rocketops: there is no broker broker-b. Did you mean broker-a?\n");
        (await cluster.RunAsync("broker", "config", "get", "qqq")).Error.Should().Be("rocketops: no broker has a key qqq.\n");
        (await cluster.RunAsync("broker", "config", "get", "broker-a", "flushDiskType")).Error.Should().Be("rocketops: no broker has a key broker-a. It is a broker's name: --broker broker-a.\n");
    }

    [Fact]
    public async Task MessageGet_FindsByIdOffsetIdAndKey()
    {
        (string topic, string key) = (await cluster.NewTopicAsync(), cluster.NewName("key-"));
        CliRun sent = (await cluster.RunAsync("produce", topic, "found", "-k", key, "-t", "A", "-o", "json")).EnsureSuccess();
        JsonElement answer = JsonDocument.Parse(sent.Output).RootElement;

        // The index is written behind the message.
        await Eventually.TrueAsync(async () => (await cluster.RunAsync("message", "get", topic, "--key", key)).ExitCode == 0, "the key is indexed", Patience);

        foreach (string[] by in (string[][])[[answer.GetProperty("messageId").GetString()!], [answer.GetProperty("offsetMessageId").GetString()!], ["--key", key], ["--key", key, "--from", "1h"]])
        {
            CliRun run = (await cluster.RunAsync(["message", "get", topic, .. by, "-o", "json"])).EnsureSuccess();
            JsonElement message = JsonDocument.Parse(run.Output).RootElement;
            message.GetProperty("body").GetString().Should().Be("found");
            message.GetProperty("broker").GetString().Should().Be("broker-a");
            message.GetProperty("keys")[0].GetString().Should().Be(key);
        }

        (await cluster.RunAsync("message", "get", topic, "--key", key)).EnsureSuccess().Output.Should().Contain("body: found\n").And.Contain("tag: A\n");
        (await cluster.RunAsync("message", "get", topic, "--key", "none")).Error.Should().Be($"rocketops: no broker of topic {topic} has a message with key none.\n");
        (await cluster.RunAsync("message", "get", topic, new string('0', 32))).ExitCode.Should().Be(1);
    }

    [Theory]
    [InlineData("send")]
    [InlineData("e2e")]
    public async Task Bench_SendsTheCountAndReportsLatencies(string variant)
    {
        string topic = await cluster.NewTopicAsync(queues: 2);

        CliRun run = (await cluster.RunAsync("bench", variant, topic, "--size", "100", "--count", "50", "--concurrency", "4", "--duration", "120", "-o", "json")).EnsureSuccess();

        JsonElement report = JsonDocument.Parse(run.Output).RootElement;
        report.GetProperty("sent").GetInt64().Should().Be(50);
        report.GetProperty("failed").GetInt64().Should().Be(0);
        report.GetProperty("p50Ms").GetDouble().Should().BeGreaterThan(0).And.BeLessThanOrEqualTo(report.GetProperty("maxMs").GetDouble());
        report.TryGetProperty("received", out JsonElement received).Should().Be(variant == "e2e");
        if (variant == "e2e")
        {
            received.GetInt64().Should().Be(50);
        }
    }

    [Theory]
    [InlineData("rocketops to", "topic")]
    [InlineData("rocketops topic de", "delete", "describe")]
    [InlineData("rocketops topic list --wa", "--watch")]
    [InlineData("rocketops topic list -o ", "json", "table", "wide", "yaml")]
    [InlineData("rocketops completion ", "bash", "fish", "zsh")]
    public async Task Completion_OfWords_NeedsNoCluster(string line, params string[] expected) =>
        (await CliRun.RunAsync("__complete", line)).EnsureSuccess().OutputLines.Should().Equal(expected);

    [Fact]
    public async Task Completion_OfNames_AsksTheCluster()
    {
        (string topic, string group) = (await cluster.NewTopicAsync(), cluster.NewName("Completed"));
        (await cluster.RunAsync("produce", topic, "x")).EnsureSuccess();
        (await cluster.RunAsync("consume", topic, "-g", group, "-c", "1")).EnsureSuccess();
        string servers = cluster.Cluster.NameServerAddress;

        (await CliRun.RunAsync("__complete", $"rocketops topic describe -n {servers} {topic}")).EnsureSuccess().OutputLines.Should().Contain(topic);
        (await CliRun.RunAsync("__complete", $"rocketops group lag -n {servers} Compl")).EnsureSuccess().OutputLines.Should().Equal(group);
        (await CliRun.RunAsync("__complete", $"rocketops consume {topic} -n {servers} --group ")).EnsureSuccess().OutputLines.Should().Contain(group);
        (await CliRun.RunAsync("__complete", "rocketops topic describe -n 127.0.0.1:1 ")).EnsureSuccess().Output.Should().BeEmpty();
    }

    [Theory]
    [InlineData("bash")]
    [InlineData("zsh")]
    [InlineData("fish")]
    public async Task Completion_Script_AsksTheProgram(string shell) =>
        (await CliRun.RunAsync("completion", shell)).EnsureSuccess().Output.Should().Contain("__complete");
}
