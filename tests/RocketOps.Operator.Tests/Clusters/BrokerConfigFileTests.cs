using RocketOps.Operator.Clusters;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Hosting;
using RocketOps.Operator.Tests.Support;

namespace RocketOps.Operator.Tests.Clusters;

public sealed class BrokerConfigFileTests
{
    private const string Serve = "apiOutage=Serve\n";

    [Fact]
    public void Render_AsyncGroupThatServesWithoutItsLease_SaysSo() => Render("{mode: Async, failover: Automatic, addressing: PodIP, apiOutage: Serve}").Should().Contain(Serve);

    /// <summary>A key that says what is so anyway would restart every cluster when its operator is replaced, and earlier brokers do not know it.</summary>
    [Theory]
    [InlineData("{mode: Async, failover: Automatic, addressing: PodIP}")]
    [InlineData("{mode: Async, failover: Automatic, addressing: PodIP, apiOutage: Refuse}")]
    [InlineData("{mode: Sync, failover: Automatic, addressing: PodIP, apiOutage: Serve}")]
    [InlineData("{mode: Async, apiOutage: Serve}")]
    public void Render_AnyOtherGroup_IsAsItWas(string replication) => Render(replication).Should().NotContain("apiOutage");

    private static string Render(string replication)
    {
        BrokerCluster cluster = Manifests.Cluster($$"""
            apiVersion: rocketops.io/v1beta1
            kind: BrokerCluster
            metadata: {name: orders, namespace: mq, uid: uid-orders}
            spec:
              brokers: {groups: 1, replicas: 2}
              replication: {{replication}}
            """);
        return BrokerConfigFile.Render(new ClusterContext(cluster, OperatorImages.Default, new OrdinalLeadership()).Knowing(GroupFacts.None), "orders-0", 0);
    }
}
