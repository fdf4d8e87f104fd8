using System.Globalization;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Operator.Clusters.Pods;

/// <summary>Says in a few words why a pod does not serve, without parts that change by themselves.</summary>
internal static class PodTrouble
{
    private const int MaxMessageLength = 200;

    // 128 and SIGKILL.
    private const int KilledExitCode = 137;

    // After that the kubelet counts from the beginning, too.
    private static readonly TimeSpan LongEnough = TimeSpan.FromMinutes(10);

    public static string Describe(Pod? pod)
    {
        if (pod is null)
        {
            return "not there yet";
        }

        if (pod.IsDeleting())
        {
            // Nobody is left on a lost node to say that the pod has ended, and its set makes no other before.
            return pod.Status?.Conditions?.Exists(static condition => condition is { Type: "DisruptionTarget", Reason: "DeletionByTaintManager" }) == true
                ? "stopping (its node does not answer)"
                : "stopping";
        }

        if (Unscheduled(pod) is { } unscheduled)
        {
            return WithDetail(unscheduled.Reason!, unscheduled.Message);
        }

        ContainerStatus? container = Container(pod);
        if (End(pod, container) is { } end)
        {
            return Describe(end);
        }

        return container?.State switch
        {
            { Waiting.Reason: { Length: > 0 } reason } => Describe(reason, container),
            { Running: not null } when container.Started == true =>
                WithDetail("running, but does not pass its readiness probe", $"why: kubectl describe pod {pod.Name()} -n {pod.Namespace()}"),
            { Running: not null } => "running, not ready yet",
            _ => "starting",
        };
    }

    /// <summary>
    /// Returns true when the pod is held up by something that takes more than time: a crash, an image that is not to be had, no node with
    /// room.
    /// </summary>
    public static bool IsFailing(Pod? pod)
    {
        if (pod is null || pod.IsDeleting())
        {
            return false;
        }

        ContainerStatus? container = Container(pod);
        return Unscheduled(pod) is not null
            || End(pod, container) is not null
            || WaitsInVain(container);
    }

    /// <summary>
    /// Returns true when a program was tried and goes on failing, or cannot be had at all: more of the same helps nobody. True throughout a
    /// loop of crashes, and not while an autoscaler may bring a node.
    /// </summary>
    /// <param name="pod">The pod; null while there is none.</param>
    /// <param name="known">Pods were stuck at the last look: what may be a hiccup at first, as an image that is not to be had, is the next try of the same then.</param>
    public static bool IsStuck(Pod? pod, bool known = false) =>
        pod is not null && !pod.IsDeleting() && Container(pod) is { Ready: false } container
        && (KeepsEnding(pod, container)
            || container.State?.Waiting?.Reason is "CrashLoopBackOff" or "ImagePullBackOff" or "InvalidImageName" or "ErrImageNeverPull" or "CreateContainerConfigError"
            || (known && WaitsInVain(container)));

    /// <summary>
    /// Returns true when the pod waits for something that may come by itself, or never: a node with room, or that a program which has
    /// started becomes ready.
    /// </summary>
    public static bool IsLate(Pod? pod) =>
        pod is not null && !pod.IsDeleting() && (Unscheduled(pod) is not null || Container(pod) is { Ready: false, Started: true, State.Running: not null });

    /// <summary>Returns true when the container waits for something else than its turn.</summary>
    private static bool WaitsInVain(ContainerStatus? container) => container?.State?.Waiting is { Reason: { Length: > 0 } reason and not ("ContainerCreating" or "PodInitializing") };

    /// <summary>
    /// A program that was ready, or ran for long, before it ended starts again, and is in no loop; nor is one of whose last end nothing is known, as after a stop of its whole machine, which counts as a restart.
    /// One that gets ready and ends soon, over and over, is told by the kubelet's back-off.
    /// </summary>
    private static bool KeepsEnding(Pod pod, ContainerStatus container) =>
        container is { Ready: false, Started: not true, RestartCount: >= 2 } && (container.State?.Terminated ?? container.LastState?.Terminated) is { } end && !RanWell(end) && !WasReady(pod, end);

    private static bool RanWell(ContainerStateTerminated end) => end is { StartedAt: { } start, FinishedAt: { } finish } && finish - start >= LongEnough;

    /// <summary>The pod has ceased to be ready since its program began to run last: with one that never gets so far it has not been ready since before.</summary>
    private static bool WasReady(Pod pod, ContainerStateTerminated end) =>
        pod.Status?.Conditions?.Find(static condition => condition.Type == "Ready") is { Status: ConditionStatus.False, LastTransitionTime: { } since } && since > end.StartedAt;

    private static PodCondition? Unscheduled(Pod pod) =>
        pod.Status?.Conditions?.Find(static condition => condition is { Type: "PodScheduled", Status: ConditionStatus.False, Reason.Length: > 0 });

    /// <summary>The container that keeps the pod from being ready: others may have been put beside ours.</summary>
    private static ContainerStatus? Container(Pod pod) =>
        pod.Status?.ContainerStatuses?.Find(static container => !container.Ready) ?? pod.Status?.ContainerStatuses?.FirstOrDefault();

    /// <summary>
    /// Returns the last end of the container. Between a crash and the wait for the next start the kubelet moves it to the last state, and
    /// while it tries again it runs: one text for all, or the status would be written at each turn.
    /// </summary>
    private static ContainerStateTerminated? End(Pod pod, ContainerStatus? container) =>
        container?.State?.Terminated ?? (container is not null && (container.State?.Waiting?.Reason == "CrashLoopBackOff" || KeepsEnding(pod, container)) ? container.LastState?.Terminated : null);

    private static string Describe(ContainerStateTerminated end)
    {
        if (end.ExitCode == KilledExitCode)
        {
            // Whatever its log ended with is not why.
            return end.Reason is { Length: > 0 } known and not "Error" ? known : "killed (exit code 137)";
        }

        // The kubelet's "Error" says less than the exit code; other reasons, such as OOMKilled, say more.
        string what = end.Reason is { Length: > 0 } reason and not ("Error" or "Completed") ? reason : string.Create(CultureInfo.InvariantCulture, $"ended with exit code {end.ExitCode}");
        return WithDetail(what, LastWords(end.Message));
    }

    private static string Describe(string reason, ContainerStatus container) => reason switch
    {
        // They take turns while the kubelet tries again and again.
        "ErrImagePull" or "ImagePullBackOff" => WithDetail("ImagePullBackOff", container.Image),
        "InvalidImageName" or "ErrImageNeverPull" => WithDetail(reason, container.Image),
        "ContainerCreating" or "PodInitializing" or "CrashLoopBackOff" => reason,
        _ => WithDetail(reason, container.State?.Waiting?.Message),
    };

    /// <summary>The end of a container's log, which the kubelet hands over, holds the reason in its last line that is no frame of a stack.</summary>
    private static string? LastWords(string? message) =>
        message?.Split('\n', StringSplitOptions.RemoveEmptyEntries).LastOrDefault(static line => !char.IsWhiteSpace(line[0]))?.TrimEnd();

    private static string WithDetail(string what, string? detail) => string.IsNullOrEmpty(detail) ? what : $"{what} ({Cut(detail)})";

    private static string Cut(string message) => message.Length <= MaxMessageLength ? message : string.Concat(message.AsSpan(0, MaxMessageLength), "…");
}
