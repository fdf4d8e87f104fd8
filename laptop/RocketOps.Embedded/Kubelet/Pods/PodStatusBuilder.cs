using System.Globalization;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Kubelet.Containers;
using RocketOps.Embedded.Kubelet.Objects;
using RocketOps.Kubernetes.Dynamic;

namespace RocketOps.Embedded.Kubelet.Pods;

/// <summary>Writes the status of a pod from the views of its containers, as a kubelet would.</summary>
internal static class PodStatusBuilder
{
    public static JsonObject Build(
        KubernetesObject current,
        PodIdentity pod,
        DateTimeOffset startTime,
        IReadOnlyList<ContainerView> inits,
        IReadOnlyList<ContainerView> containers,
        DateTimeOffset now)
    {
        bool initialized = inits.All(init => init is { Phase: ContainerPhase.Terminated, ExitCode: 0 });
        List<string> notReady = containers.Where(container => !container.Ready).Select(container => container.Name).ToList();
        string phase = PhaseOf(inits, containers, initialized);
        bool isDone = phase is "Succeeded";
        List<string> gates = UnmetGates(current);
        bool containersReady = initialized && notReady.Count == 0;
        string reason = isDone ? "PodCompleted" : "ContainersNotReady";
        string message = isDone ? "" : $"containers with unready status: [{string.Join(' ', notReady)}]";
        string unmet = gates.Count == 0 ? string.Empty : $"the status of pod readiness gates: {string.Join(' ', gates)} is not \"True\"";
        (string Type, bool IsTrue, string Reason, string Message)[] own =
        [
            ("PodReadyToStartContainers", true, "", ""),
            ("Initialized", initialized, initialized ? "" : "ContainersNotInitialized", initialized ? "" : Uninitialized(inits)),
            ("Ready", containersReady && gates.Count == 0, !containersReady ? reason : gates.Count == 0 ? "" : "ReadinessGatesNotReady", containersReady ? unmet : message),
            ("ContainersReady", containersReady, containersReady ? "" : reason, containersReady ? "" : message),
            ("PodScheduled", true, "", ""),
        ];
        // Others in the list belong to somebody else and stay.
        IEnumerable<JsonNode?> foreign = current.Status.Items("conditions").Where(c => own.All(o => o.Type != c.Text("type"))).Select(c => c.ToNode());
        JsonObject status = new()
        {
            ["phase"] = phase,
            ["conditions"] = JsonNodes.Array(own.Select(c => Condition(current, c.Type, c.IsTrue, c.Reason, c.Message, now)).Concat(foreign)),
            ["hostIP"] = pod.NodeAddress,
            ["hostIPs"] = new JsonArray(new JsonObject { ["ip"] = pod.NodeAddress }),
            ["podIP"] = pod.Address,
            ["podIPs"] = new JsonArray(new JsonObject { ["ip"] = pod.Address }),
            ["startTime"] = Time(startTime),
            ["containerStatuses"] = Statuses(containers),
        };
        if (inits.Count > 0)
        {
            status["initContainerStatuses"] = Statuses(inits);
        }

        return status;
    }

    public static string PhaseOf(IReadOnlyList<ContainerView> inits, IReadOnlyList<ContainerView> containers, bool initialized)
    {
        if (!initialized)
        {
            return inits.Any(init => init is { Phase: ContainerPhase.Terminated, IsFinal: true } && init.ExitCode != 0) ? "Failed" : "Pending";
        }

        if (containers.All(container => container is { Phase: ContainerPhase.Terminated, IsFinal: true }))
        {
            return containers.All(container => container.ExitCode == 0) ? "Succeeded" : "Failed";
        }

        return containers.Any(container => container.Phase == ContainerPhase.Waiting && container.LastRun is null) ? "Pending" : "Running";
    }

    private static List<string> UnmetGates(KubernetesObject pod) =>
        [.. (pod.PodSpec().ReadinessGates ?? []).Select(gate => gate.ConditionType).Where(type => !pod.HasCondition(type))];

    private static string Uninitialized(IEnumerable<ContainerView> inits) =>
        $"containers with incomplete status: [{string.Join(' ', inits.Where(init => init is not { Phase: ContainerPhase.Terminated, ExitCode: 0 }).Select(init => init.Name))}]";

    private static JsonObject Condition(KubernetesObject current, string type, bool isTrue, string reason, string message, DateTimeOffset now)
    {
        JsonObject condition = KubernetesObjects.NextCondition(current, type, isTrue, reason, message, now);
        condition["lastProbeTime"] = null;
        return condition;
    }

    private static JsonArray Statuses(IEnumerable<ContainerView> containers) => JsonNodes.Array(containers.Select(container => new JsonObject
    {
        ["name"] = container.Name,
        ["image"] = container.Image,
        ["imageID"] = "",
        ["containerID"] = ContainerId(container),
        ["ready"] = container.Ready || container is { Phase: ContainerPhase.Terminated, ExitCode: 0, IsFinal: true },
        ["started"] = container.Started,
        ["restartCount"] = container.RestartCount,
        ["state"] = State(container),
        ["lastState"] = container.LastRun is { } last ? State(last) : new JsonObject(),
    }));

    private static JsonObject State(ContainerView view) => view.Phase switch
    {
        ContainerPhase.Waiting => new JsonObject { ["waiting"] = new JsonObject().WithReason(view.Reason, view.Message) },
        ContainerPhase.Running => new JsonObject { ["running"] = new JsonObject { ["startedAt"] = Time(view.StartedAt) } },
        _ => new JsonObject
        {
            ["terminated"] = new JsonObject
            {
                ["exitCode"] = view.ExitCode,
                ["startedAt"] = Time(view.StartedAt),
                ["finishedAt"] = Time(view.FinishedAt),
                ["containerID"] = ContainerId(view),
            }.WithReason(view.Reason, view.Message),
        },
    };

    private static string ContainerId(ContainerView view) =>
        view.ProcessId == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"process://{view.ProcessId}");

    private static string? Time(DateTimeOffset? time) => time is { } known ? JsonNodes.Timestamp(known) : null;
}
