using System.Text.Json;
using RocketOps.Embedded.Api.Resources;
using RocketOps.Embedded.Api.Tables;
using RocketOps.Kubernetes.Dynamic;

namespace RocketOps.Embedded.Api.Builtins;

/// <summary>READY, STATUS and RESTARTS of a pod, computed as kube-apiserver's printer does (reference: embedded-api.md §15.0).</summary>
internal static class PodSummary
{
    public static (string Ready, string Status, string Restarts) Of(JsonElement pod, RulesContext context)
    {
        JsonElement podStatus = pod.Field("status");
        string phase = podStatus.Text("phase") ?? string.Empty;
        string reason = podStatus.Text("reason") is { Length: > 0 } given ? given : phase;
        JsonElement[] init = [.. podStatus.Items("initContainerStatuses")];
        JsonElement[] counted = init;
        int ready = 0;

        string? initializing = Initializing(init, pod.Field("spec").Items("initContainers").Count());
        reason = initializing ?? reason;
        if (initializing is null || IsTrue(podStatus, "Initialized"))
        {
            counted = [.. podStatus.Items("containerStatuses")];
            bool running = false;
            foreach (JsonElement status in counted.Reverse())
            {
                JsonElement state = status.Field("state");
                if (state.Field("waiting").Text("reason") is { Length: > 0 } waiting)
                {
                    reason = waiting;
                }
                else if (state.Has("terminated"))
                {
                    reason = Terminated(state.Field("terminated"));
                }
                else if (status.Flag("ready") == true && state.Has("running"))
                {
                    running = true;
                    ready++;
                }
            }

            if (reason == "Completed" && running)
            {
                reason = IsTrue(podStatus, "Ready") ? "Running" : "NotReady";
            }
        }

        if (reason == "Succeeded")
        {
            reason = "Completed";
        }

        if (pod.Field("metadata").Has("deletionTimestamp"))
        {
            reason = podStatus.Text("reason") == "NodeLost" ? "Unknown" : phase is "Failed" or "Succeeded" ? reason : "Terminating";
        }

        return ($"{ready}/{pod.Field("spec").Items("containers").Count()}", reason, Restarts(counted, context.Now));
    }

    private static bool IsTrue(JsonElement status, string type) => status.Items("conditions").Any(c => c.Text("type") == type && c.Text("status") == "True");

    private static string? Initializing(JsonElement[] init, int total)
    {
        for (int i = 0; i < init.Length; i++)
        {
            JsonElement terminated = init[i].Field("state").Field("terminated");
            if (terminated.Exists() && terminated.Number("exitCode") is null or 0)
            {
                continue;
            }

            if (terminated.Exists())
            {
                return "Init:" + Terminated(terminated);
            }

            string? waiting = init[i].Field("state").Field("waiting").Text("reason");
            return waiting is { Length: > 0 } and not "PodInitializing" ? "Init:" + waiting : $"Init:{i}/{total}";
        }

        return null;
    }

    private static string Terminated(JsonElement terminated) =>
        terminated.Text("reason") is { Length: > 0 } reason ? reason
        : terminated.Number("signal") is { } signal and not 0 ? $"Signal:{signal}"
        : $"ExitCode:{terminated.Number("exitCode") ?? 0}";

    private static string Restarts(JsonElement[] statuses, DateTimeOffset now)
    {
        long restarts = statuses.Sum(status => status.Number("restartCount") ?? 0);
        DateTimeOffset? last = statuses.Max(status => status.Field("lastState").Field("terminated").Time("finishedAt"));
        return restarts > 0 && last is { } time ? $"{restarts} ({HumanDuration.Since(time, now)} ago)" : $"{restarts}";
    }
}
