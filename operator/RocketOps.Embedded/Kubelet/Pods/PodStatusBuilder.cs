using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Kubelet.Containers;
using RocketOps.Kubernetes.Dynamic;

namespace RocketOps.Embedded.Kubelet.Pods;

/// <summary>Writes the status of a pod from the views of its containers, as a kubelet would.</summary>
internal static class PodStatusBuilder
{
    // The conditions a kubelet owns; others in the list belong to somebody else and stay.
    private static readonly string[] OwnConditions = ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"];

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
        JsonArray conditions = new();
        Add(conditions, current, "PodReadyToStartContainers", true, "", "", now);
        Add(conditions, current, "Initialized", initialized, initialized ? "" : "ContainersNotInitialized", initialized ? "" : Uninitialized(inits), now);
        Add(
            conditions,
            current,
            "Ready",
            containersReady && gates.Count == 0,
            containersReady ? gates.Count == 0 ? "" : "ReadinessGatesNotReady" : reason,
            containersReady ? gates.Count == 0 ? "" : $"the status of pod readiness gates: {string.Join(' ', gates)} is not \"True\"" : message,
            now);
        Add(conditions, current, "ContainersReady", containersReady, containersReady ? "" : reason, containersReady ? "" : message, now);
        Add(conditions, current, "PodScheduled", true, "", "", now);
        foreach (JsonElement foreign in current.Status.Items("conditions"))
        {
            if (!OwnConditions.Contains(foreign.Text("type")))
            {
                conditions.Add((JsonNode?)JsonObject.Create(foreign));
            }
        }

        JsonObject status = new()
        {
            ["phase"] = phase,
            ["conditions"] = conditions,
            ["hostIP"] = pod.NodeAddress,
            ["hostIPs"] = new JsonArray((JsonNode)new JsonObject { ["ip"] = pod.NodeAddress }),
            ["podIP"] = pod.Address,
            ["podIPs"] = new JsonArray((JsonNode)new JsonObject { ["ip"] = pod.Address }),
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
        [.. pod.Spec.Items("readinessGates").Select(gate => gate.Text("conditionType")).OfType<string>().Where(type => !pod.HasCondition(type))];

    private static string Uninitialized(IEnumerable<ContainerView> inits) =>
        $"containers with incomplete status: [{string.Join(' ', inits.Where(init => init is not { Phase: ContainerPhase.Terminated, ExitCode: 0 }).Select(init => init.Name))}]";

    private static void Add(JsonArray conditions, KubernetesObject current, string type, bool isTrue, string reason, string message, DateTimeOffset now)
    {
        string status = isTrue ? "True" : "False";
        JsonElement known = current.Condition(type);
        DateTimeOffset since = known.Text("status") == status ? known.Time("lastTransitionTime") ?? now : now;

        JsonObject condition = new()
        {
            ["type"] = type,
            ["status"] = status,
            ["lastProbeTime"] = null,
            ["lastTransitionTime"] = Time(since),
        };
        if (reason.Length > 0)
        {
            condition["reason"] = reason;
        }

        if (message.Length > 0)
        {
            condition["message"] = message;
        }

        conditions.Add((JsonNode)condition);
    }

    private static JsonArray Statuses(IEnumerable<ContainerView> containers)
    {
        JsonArray statuses = new();
        foreach (ContainerView container in containers)
        {
            statuses.Add((JsonNode)new JsonObject
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
            });
        }

        return statuses;
    }

    private static JsonObject State(ContainerView view)
    {
        JsonObject state = new();
        switch (view.Phase)
        {
            case ContainerPhase.Waiting:
                state["waiting"] = WithReason(new JsonObject(), view);
                break;
            case ContainerPhase.Running:
                state["running"] = new JsonObject { ["startedAt"] = Time(view.StartedAt) };
                break;
            case ContainerPhase.Terminated:
                state["terminated"] = WithReason(
                    new JsonObject
                    {
                        ["exitCode"] = view.ExitCode,
                        ["startedAt"] = Time(view.StartedAt),
                        ["finishedAt"] = Time(view.FinishedAt),
                        ["containerID"] = ContainerId(view),
                    },
                    view);
                break;
        }

        return state;
    }

    private static JsonObject WithReason(JsonObject state, ContainerView view)
    {
        if (view.Reason.Length > 0)
        {
            state["reason"] = view.Reason;
        }

        if (view.Message.Length > 0)
        {
            state["message"] = view.Message;
        }

        return state;
    }

    private static string ContainerId(ContainerView view) =>
        view.ProcessId == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"process://{view.ProcessId}");

    private static string? Time(DateTimeOffset? time) => time?.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
}
