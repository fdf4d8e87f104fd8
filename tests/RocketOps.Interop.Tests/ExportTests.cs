using System.Text.Json.Nodes;
using RocketOps.Client;
using RocketOps.Embedded;
using RocketOps.Interop.Tests.Fixtures;
using RocketOps.Kubernetes.Client.Configuration;
using RocketOps.Kubernetes.Client.Transport;
using RocketOps.Kubernetes.Yaml;
using RocketOps.Testing;
using RocketOps.Testing.Processes;
using RocketOps.Testing.Servers;

namespace RocketOps.Interop.Tests;

/// <summary><c>rocketops cluster export</c> of either's brokers: what it writes is taken by an API server with our definitions, and says what the broker says.</summary>
public abstract class ExportTests(ServerFixture fixture) : ClientTestBase(fixture)
{
    private static readonly TimeSpan ProgramPatience = TimeSpan.FromMinutes(5);

    [SkippableFact]
    public async Task Export_OfTopicsAndGroups_IsWhatTheBrokerHas()
    {
        string broker = Fixture.Server.BrokerAddress;
        await using RocketMqAdmin admin = Admin();
        await admin.CreateOrUpdateTopicAsync(broker, new TopicConfig { Name = "Export_Fifo", Attributes = Pairs(("message.type", "FIFO")) });
        await admin.CreateOrUpdateTopicAsync(broker, new TopicConfig { Name = "Export%Narrow", ReadQueues = 6, WriteQueues = 3, Permission = TopicPermission.Read });
        await admin.CreateOrUpdateTopicAsync(broker, new TopicConfig { Name = "Export_Order", Order = true });
        await admin.CreateOrUpdateSubscriptionGroupAsync(broker, new SubscriptionGroupConfig
        {
            Name = "Export_Group",
            RetryMaxTimes = 3,
            ConsumeBroadcastEnable = false,
            ConsumeMessageOrderly = true,
            RetryPolicy = System.Text.Json.JsonElement.Parse("""{"type":"EXPONENTIAL","exponentialRetryPolicy":{"initial":1000,"max":9000,"multiplier":3}}"""),
            Attributes = Pairs(("+priority.factor", "7")),
        });
        IReadOnlyDictionary<string, TopicConfig> topics = await admin.GetTopicConfigsAsync(broker);
        SubscriptionGroupConfig group = (await admin.GetSubscriptionGroupsAsync(broker))["Export_Group"];

        ProcessResult run = await ChildProcess.RunAsync(
            Programs.RocketOps, ["cluster", "export", "--cluster-ref", "moved", "--topic", "Export*", "--group", "Export_*", "-n", Fixture.Server.NameServerAddress], ProgramPatience);

        run.EnsureSuccess();
        Dictionary<string, JsonObject> specs = await CheckedAsync(run.Output);
        specs.Keys.Should().BeEquivalentTo("Topic/export-fifo", "Topic/export-narrow", "Topic/export-order", "ConsumerGroup/export-group");
        JsonObject narrow = specs["Topic/export-narrow"];
        ((string?)narrow["topicName"], (int?)narrow["readQueues"], (int?)narrow["writeQueues"], (string?)narrow["permission"]).Should().Be(("Export%Narrow", 6, 3, "Read"));
        ((string?)specs["Topic/export-fifo"]["messageType"]).Should().Be(topics["Export_Fifo"].Attributes?.ContainsKey("message.type") == true ? "Fifo" : "Normal", "4.9 knows no types");
        ((bool?)specs["Topic/export-order"]["order"] == true).Should().Be(topics["Export_Order"].Order, "4.9 leaves order out of account");
        JsonObject made = specs["ConsumerGroup/export-group"];
        ((int?)made["retryMaxTimes"], (bool?)made["consumeBroadcastEnable"], (bool?)made["consumeMessageOrderly"]).Should().Be((3, false, group.ConsumeMessageOrderly));
        ((string?)made["groupRetryPolicy"]?["type"], (string?)made["attributes"]?["priority.factor"]).Should().Be(group.RetryPolicy is null ? (null, null) : ("Exponential", "7"));
        specs.Values.Should().AllSatisfy(spec => ((string?)spec["managementPolicy"]).Should().Be("Manage", run.Error));
    }

    [SkippableFact]
    public async Task Export_OfEverything_HasNothingOfTheBrokersOwn()
    {
        string broker = Fixture.Server.BrokerAddress;
        await using RocketMqAdmin admin = Admin();
        await admin.CreateOrUpdateTopicAsync(broker, new TopicConfig { Name = "WholeExport" });

        ProcessResult run = await ChildProcess.RunAsync(Programs.RocketOps, ["cluster", "export", "--cluster-ref", "moved", "-n", Fixture.Server.NameServerAddress], ProgramPatience);

        // 4.9 keeps groups of any name, and other tests leave such ones on these servers.
        run.ExitCode.Should().Be(run.Error.Contains(" is left out: ", StringComparison.Ordinal) ? 1 : 0, run.Error);
        string[] names = [.. (await CheckedAsync(run.Output)).Select(static made => (string?)made.Value["topicName"] ?? (string?)made.Value["groupName"] ?? made.Key.Split('/')[1])];
        names.Should().Contain("WholeExport");
        names.Should().NotContain(static name => name.StartsWith("rmq_sys_") || name.StartsWith("RMQ_SYS_") || name.StartsWith("CID_") || name.StartsWith("%RETRY%") || name.StartsWith("%DLQ%") || name.EndsWith("_REPLY_TOPIC"))
            .And.NotContain(["TBW102", "SCHEDULE_TOPIC_XXXX", "SELF_TEST_TOPIC", "BenchmarkTest", "OFFSET_MOVED_EVENT", "TRANS_CHECK_MAX_TIME_TOPIC", "TOOLS_CONSUMER", ServerUnderTest.ClusterName, ServerUnderTest.BrokerName]);
    }

    /// <summary>Specs by kind and name, as an API server would keep them.</summary>
    private static async Task<Dictionary<string, JsonObject>> CheckedAsync(string text)
    {
        await using EmbeddedApiServer server = await EmbeddedApiServer.StartAsync(new EmbeddedApiOptions());
        foreach (string crd in Directory.GetFiles(Path.Combine(SharedKits.RepositoryRoot, "deploy", "crds"), "*.yaml"))
        {
            server.AddCrd(await File.ReadAllTextAsync(crd));
        }

        using KubernetesClient client = new(new KubernetesClientConfiguration { Server = server.Address, Token = server.Token, CertificateAuthorityPem = server.CaCertificatePem });
        Dictionary<string, JsonObject> specs = new(StringComparer.Ordinal);
        foreach (JsonNode manifest in YamlReading.ParseAll(text))
        {
            (string kind, string name) = ((string)manifest["kind"]!, (string)manifest["metadata"]!["name"]!);
            JsonNode? kept = await client.SendAsync(
                HttpMethod.Post, $"apis/{manifest["apiVersion"]}/namespaces/default/{kind.ToLowerInvariant()}s?dryRun=All&fieldValidation=Strict", manifest);
            specs.Add($"{kind}/{name}", kept!["spec"]!.AsObject());
        }

        return specs;
    }

    private static Dictionary<string, string> Pairs(params (string Name, string Value)[] pairs) => pairs.ToDictionary(static pair => pair.Name, static pair => pair.Value, StringComparer.Ordinal);
}
