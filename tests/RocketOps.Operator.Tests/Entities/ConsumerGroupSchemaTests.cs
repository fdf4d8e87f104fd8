using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Kubernetes.Client;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Tests.Support;
using RocketOps.Protocol.Names;

namespace RocketOps.Operator.Tests.Entities;

/// <summary>What the definition of ConsumerGroup takes and refuses, in the words a user sees.</summary>
public sealed class ConsumerGroupSchemaTests : IAsyncLifetime
{
    private DefinedKind<ConsumerGroup> _groups = null!;

    public async Task InitializeAsync() => _groups = await DefinedKind<ConsumerGroup>.StartAsync(OperatorJsonContext.Default.ConsumerGroup);

    public async Task DisposeAsync() => await _groups.DisposeAsync();

    [Theory]
    [InlineData("""{"retryQueueNums":-1}""", "spec.retryQueueNums: Invalid value: -1: spec.retryQueueNums in body should be greater than or equal to 0")]
    [InlineData("""{"retryMaxTimes":-1}""", "spec.retryMaxTimes in body should be greater than or equal to 0")]
    [InlineData("""{"consumeTimeoutMinute":0}""", "spec.consumeTimeoutMinute in body should be greater than or equal to 1")]
    [InlineData("""{"groupName":"a b"}""", "spec.groupName in body should match '^[%|a-zA-Z0-9_-]+$'")]
    [InlineData("""{"groupName":"CID_RMQ_SYS_X"}""", "groupName is one of the groups brokers make themselves. Choose another name.")]
    [InlineData("""{"groupRetryPolicy":{"type":"Exponential","customizedRetryPolicy":{"next":[1000]}}}""", "customizedRetryPolicy goes with type Customized.")]
    [InlineData("""{"groupRetryPolicy":{"type":"Customized","exponentialRetryPolicy":{}}}""", "exponentialRetryPolicy goes with type Exponential.")]
    [InlineData("""{"groupRetryPolicy":{"type":"Customized","customizedRetryPolicy":{"next":[]}}}""", "spec.groupRetryPolicy.customizedRetryPolicy.next in body should have at least 1 items")]
    [InlineData("""{"attributes":{"+priority.factor":"20"}}""", "names of attributes are written without a sign: what is there is set, what is not there any more is removed.")]
    public async Task Create_Wrong_RefusedInTheseWords(string spec, string words)
    {
        KubernetesException refused = await _groups.RefusesAsync("g", spec);

        refused.IsInvalid.Should().BeTrue();
        refused.Status.Message.Should().Contain(words);
    }

    [Fact]
    public async Task Create_NameOfASystemGroup_Refused()
    {
        foreach (string name in GroupNames.SystemGroups)
        {
            KubernetesException refused = await _groups.RefusesAsync("g", $$"""{"groupName":"{{name}}"}""");

            refused.Status.Message.Should().Contain("groupName is one of the groups brokers make themselves. Choose another name.", name);
        }
    }

    [Fact]
    public async Task Create_NameThatIsNoGroupName_AsksForOne()
    {
        KubernetesException refused = await _groups.RefusesAsync("a.b", "{}");

        refused.Status.Message.Should().Contain("metadata.name is no name of a consumer group (letters, digits, '-', '_', at most 120 characters): set spec.groupName.");
    }

    [Fact]
    public void Schema_Defaults_AreRocketMqs()
    {
        JsonNode definition = Yaml.ReadAll(File.ReadAllText(Repository.Path("deploy", "crds", "consumergroups.rocketops.io.yaml"))).Single();
        JsonObject fields = definition["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!["properties"]!["spec"]!["properties"]!.AsObject();
        JsonObject ofType = JsonSerializer.SerializeToNode(new ConsumerGroupSpec(), OperatorJsonContext.Default.ConsumerGroupSpec)!.AsObject();

        // admin.md §2.3: a SubscriptionGroupConfig as brokers make it.
        using JsonDocument ofBrokers = JsonDocument.Parse(
            """{"consumeEnable":true,"consumeBroadcastEnable":true,"consumeFromMinEnable":true,"consumeMessageOrderly":false,"retryQueueNums":1,"retryMaxTimes":16,"consumeTimeoutMinute":15,"brokerId":0,"whichBrokerWhenConsumeSlowly":1,"notifyConsumerIdsChangedEnable":true}""");
        foreach (JsonProperty setting in ofBrokers.RootElement.EnumerateObject())
        {
            fields[setting.Name]!["default"]!.ToJsonString().Should().Be(setting.Value.GetRawText(), setting.Name);
            ofType[setting.Name]!.ToJsonString().Should().Be(setting.Value.GetRawText(), setting.Name);
        }
    }

    [Theory]
    [InlineData("other", "q", null, "groupName cannot change: its offsets would stay behind.")]
    [InlineData(null, "z", null, "clusterRef.name cannot change: the group's offsets would stay behind.")]
    [InlineData(null, "q", "elsewhere", "clusterRef.namespace cannot change: the group's offsets would stay behind.")]
    public async Task Change_WhatCannot_Refused(string? group, string cluster, string? ns, string words)
    {
        ConsumerGroup made = await _groups.CreateAsync("g", "{}");
        made.Spec.GroupName = group;
        made.Spec.ClusterRef = new ClusterReference { Name = cluster, Namespace = ns };

        KubernetesException refused = await _groups.RefusesAsync(made);

        refused.Status.Message.Should().Contain(words);
    }

    [Fact]
    public async Task Sample_OfDeploy_IsTaken()
    {
        (await _groups.CreateAsync(_groups.Samples().Single())).Spec.GroupRetryPolicy!.ExponentialRetryPolicy!.Multiplier.Should().Be(3);
    }
}
