using RocketOps.Kubernetes.Dynamic;
using RocketOps.Kubernetes.Entities;

namespace RocketOps.Cli.Up;

/// <summary>Reason why a pod does not run, in its own words where it has said any.</summary>
internal sealed record PodProblem(string Key, string Text)
{
    /// <summary>Null for a pod that runs, is about to, or goes away.</summary>
    public static PodProblem? Of(KubernetesObject pod)
    {
        if (pod.IsDeleting || pod.HasCondition("Ready"))
        {
            return null;
        }

        foreach (System.Text.Json.JsonElement container in pod.Status.Items("containerStatuses"))
        {
            System.Text.Json.JsonElement waiting = container.Field("state").Field("waiting");
            System.Text.Json.JsonElement ended = container.Field("state").Field("terminated");
            System.Text.Json.JsonElement before = container.Field("lastState").Field("terminated");
            if (waiting.Text("reason") is { } reason and not ("ContainerCreating" or "PodInitializing"))
            {
                return new PodProblem(pod.Key().ToString(), Sentence(reason, before.Text("message") ?? waiting.Text("message")));
            }

            if (ended.Int("exitCode") is { } code and not 0)
            {
                return new PodProblem(pod.Key().ToString(), Sentence($"ended with exit code {code}", ended.Text("message")));
            }
        }

        return null;
    }

    private static string Sentence(string reason, string? message) => string.IsNullOrEmpty(message) ? reason : $"{reason}: {message}";
}
