using RocketOps.Broker.Configuration;
using RocketOps.Broker.Failover.Kubernetes;

namespace RocketOps.Broker.Tests.Failover.Kubernetes;

public sealed class KubernetesAccessTests
{
    [Theory]
    [InlineData("10.0.0.1", "443", "https://10.0.0.1/")]
    [InlineData("kubernetes.default", "6443", "https://kubernetes.default:6443/")]
    [InlineData("fd00::1", "443", "https://[fd00::1]/")]
    [InlineData("[fd00::1]", "6443", "https://[fd00::1]:6443/")]
    public void InCluster_WhatTheKubeletSets_IsTheServer(string host, string port, string server)
    {
        KubernetesAccess access = KubernetesAccess.InCluster(name => name == "KUBERNETES_SERVICE_HOST" ? host : port);

        access.Server.ToString().Should().Be(server);
        access.TokenFile.Should().Be("/var/run/secrets/kubernetes.io/serviceaccount/token");
    }

    [Theory]
    [InlineData(null, "443")]
    [InlineData("10.0.0.1", null)]
    [InlineData("10.0.0.1", "")]
    [InlineData("10.0.0.1", "https")]
    [InlineData("10.0.0.1", "0")]
    [InlineData("a b", "443")]
    public void InCluster_WhatNamesNoServer_IsRefused(string? host, string? port)
    {
        FluentActions.Invoking(() => KubernetesAccess.InCluster(name => name == "KUBERNETES_SERVICE_HOST" ? host : port))
            .Should().Throw<InvalidDataException>().WithMessage("*KUBERNETES_SERVICE_HOST*");
    }

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
