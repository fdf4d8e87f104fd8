using RocketOps.Kubernetes.Models;

namespace RocketOps.Operator.Clusters.Status;

/// <summary>Says in a few words why a pod does not serve, without parts that change by themselves.</summary>
internal static class PodTrouble
{
    private const int MaxMessageLength = 200;

    public static string Describe(Pod? pod)
    {
        if (pod is null)
        {
            return "not there yet";
        }

        if (pod.Metadata.DeletionTimestamp is not null)
        {
            return "stopping";
        }

        var scheduled = pod.Status?.Conditions?.Find(static condition => condition.Type == "PodScheduled");
        if (scheduled is { Status: ConditionStatus.False, Reason: { Length: > 0 } reason })
        {
            return scheduled.Message is { Length: > 0 } message ? $"{reason} ({Cut(message)})" : reason;
        }

        var state = pod.Status?.ContainerStatuses?.FirstOrDefault()?.State;
        if (state?.Waiting?.Reason is { Length: > 0 } waiting)
        {
            return waiting;
        }

        if (state?.Terminated is { } terminated)
        {
            return terminated.Reason is { Length: > 0 } ended ? ended : "ended";
        }

        return state?.Running is not null ? "running, not ready" : "starting";
    }

    private static string Cut(string message) => message.Length <= MaxMessageLength ? message : string.Concat(message.AsSpan(0, MaxMessageLength), "…");
}
