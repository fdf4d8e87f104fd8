using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Tests.Support;

namespace RocketOps.Operator.Tests.Controllers;

/// <summary>An operator of some namespaces, with the rights the chart gives it there: every world checks them.</summary>
public sealed class NamespacesTests
{
    [Fact]
    public async Task Operator_OfTwoNamespaces_WorksThereAndNowhereElse()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync(static options => options with { Namespaces = [OperatorWorld.Ns, "shop"], LeaderElection = true });
        foreach (string ns in (string[])["shop", "other"])
        {
            await world.Client.CreateAsync(new Namespace { Metadata = new ObjectMeta { Name = ns } });
            await CreateAsync(world, ns);
        }

        await world.CreateClusterAsync("a");
        await world.ClusterAsync("a", "Ready", "True");
        await Testing.Eventually.TrueAsync(
            async () => Conditions.IsTrue((await world.Client.GetAsync<BrokerCluster>("shop", "shop"))!.Status?.Conditions, "Ready") && Conditions.IsTrue((await world.Client.GetAsync<Topic>("t", "shop"))!.Status?.Conditions, "Ready"),
            "cluster and topic of the second namespace are ready");

        (await world.Client.GetAsync<BrokerCluster>("other", "other"))!.Status!.Conditions.Should().BeNull("nobody watches that namespace");
        (await world.Client.GetAsync<Lease>("rocketops-operator", OperatorWorld.Ns)).Should().NotBeNull("the lease is in the first namespace");
    }

    private static async Task CreateAsync(OperatorWorld world, string ns)
    {
        await world.Client.CreateAsync(new BrokerCluster { Metadata = new ObjectMeta { Name = ns, Namespace = ns } });
        Topic topic = new() { Metadata = new ObjectMeta { Name = "t", Namespace = ns } };
        topic.Spec.ClusterRef.Name = ns;
        await world.Client.CreateAsync(topic);
    }
}
