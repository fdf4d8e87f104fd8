using System.Text.Json.Nodes;
using RocketOps.Embedded;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Client.Transport;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Tests.Support;

namespace RocketOps.Operator.Tests.Entities;

/// <summary>What the definition of BrokerCluster takes and refuses: nothing that the operator would refuse later, or could not read.</summary>
public sealed class ClusterSchemaTests : IAsyncLifetime
{
    private EmbeddedApiServer _server = null!;
    private KubernetesClient _client = null!;
    private int _names;

    public static TheoryData<string, string> OwnedKeys
    {
        get
        {
            TheoryData<string, string> keys = [];
            foreach (string key in BrokerConfigKeys.OwnedByBroker)
            {
                keys.Add("brokers", key);
            }

            foreach (string key in BrokerConfigKeys.OwnedByNameServer)
            {
                keys.Add("nameServer", key);
            }

            return keys;
        }
    }

    public async Task InitializeAsync()
    {
        _server = await EmbeddedApiServer.StartAsync(new EmbeddedApiOptions());
        _server.DefineAll();
        _client = new KubernetesClient(_server.Administrator, new KubernetesTypes());
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
    }

    [Theory]
    [MemberData(nameof(OwnedKeys))]
    public async Task Rule_OwnedKeys_AreTheCodes(string of, string key) =>
        (await RefusalAsync(new JsonObject { [of] = new JsonObject { ["config"] = new JsonObject { [key] = "1" } } }.ToJsonString())).Should().Contain($"{of}.config may not set");

    [Theory]
    [InlineData("""{"brokers":{"replicas":3},"replication":{"mode":"Sync","minInSync":4}}""", "replication.minInSync may not be above brokers.replicas")]
    [InlineData("""{"brokers":{"replicas":3},"replication":{"mode":"Sync","minInSync":4,"failover":"Automatic"}}""", "replication.minInSync may not be above brokers.replicas")]
    [InlineData("""{"brokers":{"resources":{"limits":{"memory":"1e30"}}}}""", "spec.brokers.resources.limits.memory")]
    [InlineData("""{"brokers":{"resources":{"limits":{"memory":"99999999999E"}}}}""", "spec.brokers.resources.limits.memory")]
    [InlineData("""{"brokers":{"storage":{"size":"100000000000000000000"}}}""", "spec.brokers.storage.size")]
    [InlineData("""{"brokers":{"pod":{"tolerations":[{"operator":"Is"}]}}}""", "spec.brokers.pod.tolerations[0].operator")]
    [InlineData("""{"brokers":{"pod":{"tolerations":[{"effect":"NoSchedul"}]}}}""", "spec.brokers.pod.tolerations[0].effect")]
    [InlineData("""{"brokers":{"pod":{"topologySpreadConstraints":[{"maxSkew":1,"topologyKey":"k","whenUnsatisfiable":"Never"}]}}}""", "whenUnsatisfiable")]
    [InlineData("""{"nameServer":{"pod":{"topologySpreadConstraints":[{"maxSkew":1,"topologyKey":"k","whenUnsatisfiable":"DoNotSchedule","labelSelector":{"matchExpressions":[{"key":"k","operator":"Is"}]}}]}}}""", "matchExpressions[0].operator")]
    public async Task Create_Wrong_RefusedByName(string spec, string words) => (await RefusalAsync(spec)).Should().Contain(words);

    [Theory]
    [InlineData("""{"brokers":{"replicas":3},"replication":{"mode":"Sync","minInSync":3}}""")]
    [InlineData("""{"brokers":{"resources":{"requests":{"cpu":"0.1","memory":"128974848"},"limits":{"cpu":2,"memory":"129e6"}}}}""")]
    [InlineData("""{"brokers":{"storage":{"size":"999999999Gi"},"resources":{"limits":{"cpu":"1500m","memory":"1.5Gi"}}}}""")]
    [InlineData("""{"brokers":{"pod":{"tolerations":[{"key":"k","operator":"Exists","effect":"NoExecute"},{"key":"k","operator":"","effect":""}]}}}""")]
    public async Task Create_Right_Taken(string spec) => await CreateAsync(spec);

    /// <summary>All that the definition takes can be read.</summary>
    [Theory]
    [InlineData("9999999999999999999Mi")]
    [InlineData("999999999.99999999999999999999Ei")]
    [InlineData("999999999e18")]
    [InlineData("-9999999999999999999.99999999999999999999M")]
    public void Quantity_LargestThatIsTaken_IsRead(string text) => Quantity.TryParse(text, out _).Should().BeTrue();

    private async Task<string> RefusalAsync(string spec)
    {
        Func<Task> create = () => CreateAsync(spec);
        return (await create.Should().ThrowAsync<KubernetesException>()).Which.Status.Message!;
    }

    private async Task CreateAsync(string spec)
    {
        JsonObject whole = JsonNode.Parse(spec)!.AsObject();
        whole.TryAdd("brokers", new JsonObject());
        await _client.SendAsync(
            HttpMethod.Post,
            "apis/rocketops.io/v1beta1/namespaces/default/brokerclusters",
            new JsonObject { ["apiVersion"] = "rocketops.io/v1beta1", ["kind"] = "BrokerCluster", ["metadata"] = new JsonObject { ["name"] = $"c{++_names}" }, ["spec"] = whole });
    }
}
