using System.Globalization;
using System.Text.Json.Nodes;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Operator.Tests.Support;

/// <summary>Tells, as a StatefulSet's controller does, that a pod could not be made: one event for each refusal, which is written anew with its last time.</summary>
internal sealed class RefusedCreations(IKubernetesClient client)
{
    private readonly HashSet<string> _told = new(StringComparer.Ordinal);

    public async Task TellAsync(StatefulSet set, string pod, string words, CancellationToken cancellationToken)
    {
        if (_told.Add($"{set.Uid()} {pod} {words}"))
        {
            await TellAsync(client, set, pod, words, DateTimeOffset.UtcNow, cancellationToken);
        }
    }

    public static Task TellAsync(IKubernetesClient client, StatefulSet set, string pod, string words, DateTimeOffset at, CancellationToken cancellationToken = default) =>
        client.SendAsync(
            HttpMethod.Post,
            $"api/v1/namespaces/{set.Namespace()}/events",
            new JsonObject
            {
                ["apiVersion"] = "v1",
                ["kind"] = "Event",
                ["metadata"] = new JsonObject { ["name"] = $"{set.Name()}.{Guid.NewGuid():n}", ["namespace"] = set.Namespace() },
                ["involvedObject"] = new JsonObject
                {
                    ["apiVersion"] = "apps/v1",
                    ["kind"] = "StatefulSet",
                    ["namespace"] = set.Namespace(),
                    ["name"] = set.Name(),
                    ["uid"] = set.Uid(),
                },
                ["reason"] = "FailedCreate",
                ["message"] = $"create Pod {pod} in StatefulSet {set.Name()} failed error: {words}",
                ["type"] = "Warning",
                ["source"] = new JsonObject { ["component"] = "statefulset-controller" },
                ["firstTimestamp"] = At(at),
                ["lastTimestamp"] = At(at),
                ["count"] = 1,
            },
            cancellationToken: cancellationToken);

    private static string At(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
