using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters;
using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Tests.Crashes;

/// <summary>Compares the restarts that a status lists with those that happened.</summary>
internal static class RestartCheck
{
    /// <summary>The broker pods that are there: identities by name.</summary>
    public static async Task<IReadOnlyDictionary<string, string>> PodsAsync(CrashWorld world) =>
        (await world.Client.ListAsync<Pod>(new ListOptions { Namespace = world.Ns })).Items
        .Where(static pod => pod.Label(ClusterLabels.Component) == ClusterLabels.BrokerComponent).ToDictionary(static pod => pod.Name(), static pod => pod.Uid()!, StringComparer.Ordinal);

    /// <summary>Every broker has another pod than before, by one restart that is listed once and with its reason.</summary>
    public static async Task EachOnceAsync(CrashWorld world, IReadOnlyDictionary<string, string> before, string what)
    {
        IReadOnlyDictionary<string, string> now = await PodsAsync(world);
        now.Keys.Should().BeEquivalentTo(before.Keys, what);
        now.Values.Should().NotIntersectWith(before.Values, what);
        BrokerClusterStatus status = (await world.Client.GetAsync<BrokerCluster>("a", world.Ns))!.Status!;
        status.Groups!.SelectMany(static group => group.Members!).ToDictionary(static member => member.Name, static member => member.PodUid).Should().BeEquivalentTo(now, what);
        RestartStatus[] last = [.. status.Restarts!.Take(before.Count)];
        last.Select(static restart => restart.Pod).Should().BeEquivalentTo(before.Keys, what);
        last.Should().OnlyContain(static restart => restart.Reason == RestartReason.Outdated && restart.Changed == "configuration", what);
        last.Select(static restart => restart.Time).Should().BeInDescendingOrder(what);
    }
}
