using RocketOps.Broker.Configuration;

namespace RocketOps.Broker.Tests.Failover.Kubernetes;

public sealed class KubernetesLeaseSchemeTests
{
    [Theory]
    [InlineData("kubernetes:mq/orders-0", true)]
    [InlineData("kubernetes:orders-0", false)]
    [InlineData("kubernetes:mq/", false)]
    [InlineData("kubernetes:mq/orders/0", false)]
    [InlineData("kubernetes:mq/../x", false)]
    [InlineData("kubernetes:mq/Orders", false)]
    [InlineData("kubernetes:mq/orders?x=1", false)]
    public void LeaseStore_OfKubernetes_NamesNamespaceAndLease(string value, bool isGood)
    {
        (LeaseStores.FindFault(value) is null).Should().Be(isGood);
    }
}
