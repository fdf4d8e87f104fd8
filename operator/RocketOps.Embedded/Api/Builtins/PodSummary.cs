using System.Globalization;
using System.Text.Json;
using RocketOps.Embedded.Api.Resources;

namespace RocketOps.Embedded.Api.Builtins;

/// <summary>READY, STATUS and RESTARTS of a pod, computed as kube-apiserver's printer does (reference: embedded-api.md §15.0).</summary>
internal static class PodSummary
{
    public static (string Ready, string Status, string Restarts) Of(JsonElement pod, RulesContext context)
    {
        string phase = CellText.Text(pod, "status", "phase");
        string reason = CellText.TextOr(pod, phase, "status", "reason");
        JsonElement[] containers = [.. CellText.Items(pod, "status", "containerStatuses")];
        JsonElement[] init = [.. CellText.Items(pod, "status", "initContainerStatuses")];
        int total = CellText.Items(pod, "spec", "containers").Count();
        int ready = 0;
        long restarts = 0;
        DateTimeOffset lastRestart = DateTimeOffset.MinValue;

        string? initializing = Initializing(init, CellText.Items(pod, "spec", "initContainers").Count());
        if (initializing is not null)
        {
            reason = initializing;
            Count(init, ref restarts, ref lastRestart);
        }

        if (initializing is null || CellText.Items(pod, "status", "conditions").Any(c => CellText.Text(c, "type") == "Initialized" && CellText.Text(c, "status") == "True"))
        {
            restarts = 0;
            lastRestart = DateTimeOffset.MinValue;
            Count(containers, ref restarts, ref lastRestart);
            bool running = false;
            for (int i = containers.Length - 1; i >= 0; i--)
            {
                JsonElement status = containers[i];
                bool isReady = CellText.At(status, "ready") is { ValueKind: JsonValueKind.True };
                if (CellText.Text(status, "state", "waiting", "reason") is { Length: > 0 } waiting)
                {
                    reason = waiting;
                }
                else if (CellText.At(status, "state", "terminated") is { } terminated)
                {
                    reason = Terminated(terminated, string.Empty);
                }
                else if (isReady && CellText.At(status, "state", "running") is not null)
                {
                    running = true;
                    ready++;
                }
            }

            if (reason == "Completed" && running)
            {
                bool podReady = CellText.Items(pod, "status", "conditions").Any(c => CellText.Text(c, "type") == "Ready" && CellText.Text(c, "status") == "True");
                reason = podReady ? "Running" : "NotReady";
            }
        }

        if (reason == "Succeeded")
        {
            reason = "Completed";
        }

        if (CellText.At(pod, "metadata", "deletionTimestamp") is not null)
        {
            reason = CellText.Text(pod, "status", "reason") == "NodeLost" ? "Unknown" : phase is "Failed" or "Succeeded" ? reason : "Terminating";
        }

        string restartText = restarts.ToString(CultureInfo.InvariantCulture);
        if (restarts > 0 && lastRestart > DateTimeOffset.MinValue)
        {
            restartText += $" ({Tables.HumanDuration.Since(lastRestart, context.Now)} ago)";
        }

        return ($"{ready}/{total}", reason, restartText);
    }

    public static int TrueGates(JsonElement pod)
    {
        HashSet<string> met = [.. CellText.Items(pod, "status", "conditions").Where(c => CellText.Text(c, "status") == "True").Select(c => CellText.Text(c, "type"))];
        return CellText.Items(pod, "spec", "readinessGates").Count(g => met.Contains(CellText.Text(g, "conditionType")));
    }

    private static string? Initializing(JsonElement[] init, int total)
    {
        for (int i = 0; i < init.Length; i++)
        {
            JsonElement? terminated = CellText.At(init[i], "state", "terminated");
            if (terminated is { } done && CellText.Number(done, "exitCode") == 0)
            {
                continue;
            }

            if (terminated is { } failed)
            {
                return "Init:" + Terminated(failed, string.Empty);
            }

            string waiting = CellText.Text(init[i], "state", "waiting", "reason");
            return waiting.Length > 0 && waiting != "PodInitializing" ? "Init:" + waiting : $"Init:{i}/{total}";
        }

        return null;
    }

    private static string Terminated(JsonElement terminated, string otherwise)
    {
        if (CellText.Text(terminated, "reason") is { Length: > 0 } reason)
        {
            return reason;
        }

        long signal = CellText.Number(terminated, "signal");
        return signal != 0
            ? string.Create(CultureInfo.InvariantCulture, $"Signal:{signal}")
            : string.Create(CultureInfo.InvariantCulture, $"{otherwise}ExitCode:{CellText.Number(terminated, "exitCode")}");
    }

    private static void Count(JsonElement[] statuses, ref long restarts, ref DateTimeOffset last)
    {
        foreach (JsonElement status in statuses)
        {
            restarts += CellText.Number(status, "restartCount");
            if (CellText.At(status, "lastState", "terminated", "finishedAt") is { ValueKind: JsonValueKind.String } finished
                && finished.TryGetDateTimeOffset(out DateTimeOffset time) && time > last)
            {
                last = time;
            }
        }
    }
}
