using RocketOps.Operator.Clusters.Children;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Leadership;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Settings;
using RocketOps.Operator.Tests.Support;

namespace RocketOps.Operator.Tests.Clusters.Children;

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

    /// <summary>Times of a lease have to fit each other, and a broker does not start with those that do not: whoever sets one of them is left alone.</summary>
    [Theory]
    [InlineData("Automatic", "{}", true)]
    [InlineData("Automatic", "{leaseDurationMillis: '9000'}", false)]
    [InlineData("Automatic", "{leaseMarginMillis: '200'}", false)]
    [InlineData("Automatic", "{leaseRenewMillis: '1000'}", false)]
    [InlineData("None", "{}", false)]
    public void Render_OperatorHasALeaseOfItsOwn_IsThatOfElectedGroupsWhereNothingElseIsAsked(string failover, string config, bool isItsOwn) =>
        Render($"{{mode: Async, failover: {failover}, addressing: PodIP}}", config, TimeSpan.FromSeconds(30)).Contains("leaseDurationMillis=30000\n", StringComparison.Ordinal).Should().Be(isItsOwn);

    [Fact]
    public void Render_OperatorHasNoLeaseOfItsOwn_LeavesItToTheBrokers() => Render("{mode: Async, failover: Automatic, addressing: PodIP}").Should().NotContain("leaseDurationMillis");

    private static string Render(string replication, string config = "{}", TimeSpan? lease = null)
    {
        BrokerCluster cluster = Manifests.Cluster($$"""
            apiVersion: rocketops.io/v1beta1
            kind: BrokerCluster
            metadata: {name: orders, namespace: mq, uid: uid-orders}
            spec:
              brokers: {groups: 1, replicas: 2, config: {{config}}}
              replication: {{replication}}
            """);
        return BrokerConfigFile.Render(new ClusterContext(cluster, OperatorImages.Default, new OrdinalRoles(), lease).Knowing(GroupObservation.None), "orders-0", 0);
    }
}
