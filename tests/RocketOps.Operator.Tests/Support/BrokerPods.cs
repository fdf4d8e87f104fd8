using System.Globalization;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Testing;

namespace RocketOps.Operator.Tests.Support;

/// <summary>The pods that a world's brokers are asked to have: one that is being made anew is in no list, so that what is listed alone says nothing of all of them.</summary>
internal static class BrokerPods
{
    extension(OperatorWorld world)
    {
        /// <summary>Waits until every pod that is asked for serves, with this image.</summary>
        public async Task AllServeAsync(string image)
        {
            string?[] last = [];
            try
            {
                await Eventually.TrueAsync(
                    async () =>
                    {
                        last = await world.ServingImagesAsync();
                        return last.Length > 0 && Array.TrueForAll(last, found => found == image);
                    },
                    $"every pod serves with {image}");
            }
            catch (TimeoutException late)
            {
                throw new TimeoutException($"{late.Message}; they serve with {string.Join(", ", last.Select(static found => found ?? "nothing"))}; workloads: {world.Workloads.Failure}", late);
            }
        }

        /// <summary>The image that each pod serves with which a set asks for; null for one that does not serve, or is not there.</summary>
        public async Task<string?[]> ServingImagesAsync()
        {
            IReadOnlyList<StatefulSet> sets = (await world.Client.ListAsync<StatefulSet>(new ListOptions { Namespace = OperatorWorld.Ns })).Items;
            Dictionary<string, Pod> pods = (await world.Client.ListAsync<Pod>(new ListOptions { Namespace = OperatorWorld.Ns })).Items.ToDictionary(static pod => pod.Name(), StringComparer.Ordinal);
            return [.. sets.SelectMany(static set => Enumerable.Range(0, set.Spec!.Replicas ?? 1).Select(ordinal => string.Create(CultureInfo.InvariantCulture, $"{set.Name()}-{ordinal}")))
                .Select(name => pods.TryGetValue(name, out Pod? pod) && Serves(pod) ? Image(pod) : null)];
        }

        /// <summary>The image of a pod that is there.</summary>
        public async Task<string?> ImageAsync(string pod) => Image(await world.Client.GetAsync<Pod>(pod, OperatorWorld.Ns) ?? throw new InvalidOperationException($"There is no pod {pod}."));

        /// <summary>Takes a pod away, and waits for the one that is made in its place to serve.</summary>
        public async Task RecreateAsync(string name)
        {
            string? before = (await world.Client.GetAsync<Pod>(name, OperatorWorld.Ns) ?? throw new InvalidOperationException($"There is no pod {name}.")).Uid();
            await world.Client.DeleteAsync<Pod>(name, OperatorWorld.Ns);
            await world.AwaitAsync<Pod>(name, pod => pod.Uid() != before && Serves(pod), "it is made anew and serves");
        }
    }

    public static string? Image(Pod pod) => pod.Spec!.Containers![0].Image;

    private static bool Serves(Pod pod) => !pod.IsDeleting() && ClusterObservation.IsReady(pod);
}
