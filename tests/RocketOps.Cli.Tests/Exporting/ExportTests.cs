using System.Text.Json.Nodes;
using RocketOps.Cli.Tests.Support;
using RocketOps.Cli.Up;
using RocketOps.Client;
using RocketOps.Embedded;
using RocketOps.Kubernetes.Client.Configuration;
using RocketOps.Kubernetes.Client.Transport;
using RocketOps.Testing;
using RocketOps.Testing.Time;

namespace RocketOps.Cli.Tests.Exporting;

/// <summary><c>rocketops cluster export</c> against two brokers; what it writes is applied to an API server with the definitions and their rules.</summary>
public sealed class ExportTests(TwoBrokers brokers) : IClassFixture<TwoBrokers>, IAsyncLifetime
{
    private readonly TempDirectory _folder = new();
    private readonly List<(string Broker, string Topic)> _topics = [];

    private (string First, string Second) Brokers => (brokers.First.BrokerAddress, brokers.Second.BrokerAddress);

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach ((string broker, string topic) in _topics)
        {
            await brokers.Admin.DeleteTopicOnBrokerAsync(broker, topic);
        }

        _folder.Dispose();
    }

    [Fact]
    public async Task Export_OfEverything_IsWhatTheApiTakesAndTellsWhatItCannotSay()
    {
        await CreateAsync(new TopicConfig { Name = "orders", ReadQueues = 4, WriteQueues = 2 }, Brokers.First, Brokers.Second);
        await CreateAsync(new TopicConfig { Name = "Orders", Attributes = Pairs(("message.type", "FIFO")) }, Brokers.First, Brokers.Second);
        await CreateAsync(new TopicConfig { Name = "ns%Ord_ers|x", Permission = TopicPermission.Read }, Brokers.First, Brokers.Second);
        await CreateAsync(new TopicConfig { Name = new string('L', 127), Order = true }, Brokers.First, Brokers.Second);
        await CreateAsync(new TopicConfig { Name = "differs", ReadQueues = 8 }, Brokers.First);
        await CreateAsync(new TopicConfig { Name = "differs", ReadQueues = 16, Permission = TopicPermission.Write }, Brokers.Second);
        await CreateAsync(new TopicConfig { Name = "closed", Permission = TopicPermission.None }, Brokers.First, Brokers.Second);
        await CreateAsync(new TopicConfig { Name = "here" }, Brokers.First);
        await CreateAsync(new TopicConfig { Name = "%LMQ%light" }, Brokers.First);
        await CreateAsync(new TopicConfig { Name = "one-3" }, Brokers.First, Brokers.Second);
        SubscriptionGroupConfig group = new() { Name = "Billing|eu", RetryMaxTimes = 3, ConsumeEnable = false, Attributes = Pairs(("+priority.factor", "7")), RetryPolicy = Json("""{"type":"CUSTOMIZED","customizedRetryPolicy":{"next":[1000,2000]}}""") };
        await brokers.Admin.CreateOrUpdateSubscriptionGroupAsync(Brokers.First, group);
        await brokers.Admin.CreateOrUpdateSubscriptionGroupAsync(Brokers.Second, group);

        CliRun run = await ExportAsync("--cluster-ref", "one");
        await brokers.Admin.DeleteSubscriptionGroupAsync(Brokers.First, group.Name, removeOffsets: true);
        await brokers.Admin.DeleteSubscriptionGroupAsync(Brokers.Second, group.Name, removeOffsets: true);

        run.ExitCode.Should().Be(1, "a topic is left out: {0}", run.Error);
        run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Should().Equal(
            "topic closed: permission is 0, none of ReadWrite (6), Read (4) and Write (2).",
            "topic closed: Therefore managementPolicy is Observe: the operator writes nothing.",
            "topic differs: on broker-b: readQueues is 16, not 8; permission is Write, not ReadWrite. Written as on broker-a; the operator changes nothing where brokers differ and says Conflict.",
            "topic here: not on broker-b: with managementPolicy Manage it would be made there.",
            "topic here: Therefore managementPolicy is Observe: the operator writes nothing.",
            "topic one-3 is left out: cluster one and its broker groups are called so, and make topics of their names themselves. Refer to a cluster of another name: --cluster-ref NAME.",
            "DefaultCluster (broker-a, broker-b): 7 topics and 1 consumer group");
        JsonObject[] specs = await AppliedAsync(run.Output);
        specs.Select(static spec => (string?)spec["topicName"]).Should().BeEquivalentTo(null, "Orders", "ns%Ord_ers|x", new string('L', 127), null, null, null, null);
        specs.Where(static spec => (string?)spec["managementPolicy"] == "Observe").Should().HaveCount(2);
        specs.Where(static spec => (bool?)spec["order"] == true).Should().ContainSingle().Which["topicName"]!.GetValue<string>().Should().Be(new string('L', 127));
        JsonObject billing = specs.Single(static spec => (string?)spec["groupName"] == "Billing|eu");
        billing["attributes"]!.ToJsonString().Should().Be("""{"priority.factor":"7"}""");
        billing["groupRetryPolicy"]!["customizedRetryPolicy"]!["next"]!.ToJsonString().Should().Be("[1000,2000]");
    }

    [Fact]
    public async Task Export_ByName_WritesOnlyThoseUnderTheNamesTheyHaveAmongAll()
    {
        await CreateAsync(new TopicConfig { Name = "Pay" }, Brokers.First, Brokers.Second);
        await CreateAsync(new TopicConfig { Name = "PAY" }, Brokers.First, Brokers.Second);
        await CreateAsync(new TopicConfig { Name = "rest" }, Brokers.First, Brokers.Second);

        CliRun all = (await ExportAsync("--cluster-ref", "mq/one")).EnsureSuccess();
        CliRun some = (await ExportAsync("--cluster-ref", "mq/one", "--topic", "PA*", "--observe", "--namespace", "apps")).EnsureSuccess();

        JsonObject[] specs = await AppliedAsync(some.Output);
        specs.Should().ContainSingle().Which["managementPolicy"]!.GetValue<string>().Should().Be("Observe");
        specs[0]["clusterRef"]!.ToJsonString().Should().Be("""{"name":"one","namespace":"mq"}""");
        all.Output.Should().Contain(some.OutputLines.Single(static line => line.StartsWith("  name: pay-", StringComparison.Ordinal)), "a filter changes no names");
        some.Output.Should().Contain("  namespace: apps\n");
        CliRun none = await ExportAsync("--cluster-ref", "one", "--topic", "rests", "--group", "nobody");
        none.Should().Match<CliRun>(static run => run.ExitCode == 1 && run.Output.Length == 0 && run.Error.Contains("there is no topic rests. Did you mean rest?"));
    }

    [Fact]
    public async Task Export_ToAFolder_ReplacesNothingUnasked()
    {
        await CreateAsync(new TopicConfig { Name = "Kept", ReadQueues = 2, WriteQueues = 2 }, Brokers.First, Brokers.Second);
        string folder = _folder.File("objects");
        string file = Path.Combine(folder, "topic-kept.yaml");

        (await ExportAsync("--cluster-ref", "one", "--to", folder)).EnsureSuccess().Output.Should().BeEmpty();
        string written = await File.ReadAllTextAsync(file);
        (await ExportAsync("--cluster-ref", "one", "--to", folder)).EnsureSuccess();
        CliRun refused = await ExportAsync("--cluster-ref", "one", "--to", folder, "--observe");

        refused.Should().Match<CliRun>(run => run.ExitCode == 1 && run.Error.Contains($"rocketops: {file} is there and says something else. Give another folder, or --overwrite."));
        (await File.ReadAllTextAsync(file)).Should().Be(written);
        (await ExportAsync("--cluster-ref", "one", "--to", folder, "--observe", "--overwrite")).EnsureSuccess();
        (await File.ReadAllTextAsync(file)).Should().Be(written.Replace("Manage", "Observe", StringComparison.Ordinal));
        Directory.GetFiles(folder).Should().Equal(file);
    }

    [Fact]
    public async Task Export_WithoutAName_SaysWhichIsMissing() =>
        (await ExportAsync()).Should().Be(new CliRun(1, "", "rocketops: the brokers' cluster is called DefaultCluster, which no BrokerCluster can be. Give the name of the one that the objects are for: --cluster-ref NAME.\n"));

    [Fact]
    public async Task Export_AMasterDoesNotAnswer_WritesNothing()
    {
        await CreateAsync(new TopicConfig { Name = "away" }, Brokers.First, Brokers.Second);
        CliRun run;
        FakeTimeProvider time = new();
        await brokers.Second.Broker.SuspendAsync();
        try
        {
            Task<CliRun> export = CliRun.RunAsync(["cluster", "export", "--cluster-ref", "one", "-n", brokers.First.NameServerAddress], time);
            await Eventually.TrueAsync(
                () =>
                {
                    time.Advance(TimeSpan.FromSeconds(10));
                    return export.IsCompleted;
                },
                "nobody waits any more");
            run = await export;
        }
        finally
        {
            brokers.Second.Broker.Resume();
        }

        run.Should().Match<CliRun>(static run => run.ExitCode == 1 && run.Output.Length == 0 && run.Error.StartsWith("rocketops: "));
    }

    private Task<CliRun> ExportAsync(params string[] options) => CliRun.RunAsync(["cluster", "export", .. options, "-n", brokers.First.NameServerAddress]);

    private async Task CreateAsync(TopicConfig topic, params string[] addresses)
    {
        foreach (string broker in addresses)
        {
            await brokers.Admin.CreateOrUpdateTopicAsync(broker, topic);
            _topics.Add((broker, topic.Name));
        }
    }

    /// <summary>The specs as an API server with our definitions keeps them.</summary>
    private static async Task<JsonObject[]> AppliedAsync(string text)
    {
        await using EmbeddedApiServer server = await EmbeddedApiServer.StartAsync(new EmbeddedApiOptions());
        foreach (string crd in Directory.GetFiles(Path.Combine(SharedKits.RepositoryRoot, "deploy", "crds"), "*.yaml"))
        {
            server.AddCrd(await File.ReadAllTextAsync(crd));
        }

        using KubernetesClient client = new(new KubernetesClientConfiguration { Server = server.Address, Token = server.Token, CertificateAuthorityPem = server.CaCertificatePem });
        List<JsonObject> specs = [];
        foreach (Manifest manifest in Manifest.Read("exported.yaml", text))
        {
            if (manifest.Namespace is { } ns)
            {
                await client.SendAsync(HttpMethod.Post, "api/v1/namespaces", new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Namespace", ["metadata"] = new JsonObject { ["name"] = ns } });
            }

            await new ManifestApplier(client).ApplyAsync(manifest, CancellationToken.None);
            JsonNode? kept = await client.SendAsync(HttpMethod.Get, $"apis/rocketops.io/v1beta1/namespaces/{manifest.Namespace ?? "default"}/{manifest.Kind.ToLowerInvariant()}s/{manifest.Name}");
            specs.Add(kept!["spec"]!.AsObject());
        }

        return [.. specs];
    }

    private static System.Text.Json.JsonElement Json(string text) => System.Text.Json.JsonElement.Parse(text);

    private static Dictionary<string, string> Pairs(params (string Name, string Value)[] pairs) => pairs.ToDictionary(static pair => pair.Name, static pair => pair.Value, StringComparer.Ordinal);
}
