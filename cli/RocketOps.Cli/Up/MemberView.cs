using System.Globalization;
using System.Text.Json;
using RocketOps.Kubernetes.Dynamic;

namespace RocketOps.Cli.Up;

/// <summary>View of one name server or broker on the screen.</summary>
/// <param name="Group">The broker group; empty for name servers.</param>
/// <param name="Name">The pod.</param>
/// <param name="Role">Master, Slave or name server.</param>
/// <param name="IsReady">It serves, and the pod is the live one: a status from before the last stop says nothing about this run.</param>
/// <param name="State">In a word or three.</param>
/// <param name="Address">Where it listens; empty while it has no address.</param>
internal sealed record MemberView(string Group, string Name, string Role, bool IsReady, string State, string Address)
{
    public const string NameServerRole = "name server";

    private const string MasterRole = "Master";
    private const string ProcessScheme = "process://";
    private const long Mebibyte = 1024 * 1024;

    public bool IsWell => State == "ready";

    public bool IsMaster => Role == MasterRole;

    /// <summary>Quality of a slave's copy of its master's log; empty for others, and while nobody knows.</summary>
    public string Copy { get; init; } = "";

    /// <summary>Epoch in which a master leads; only for groups that elect it, else null.</summary>
    public long? Epoch { get; init; }

    /// <summary>Id of the process that runs now.</summary>
    public int? ProcessId { get; init; }

    /// <summary>Number of restarts of its container in the same pod; null without a pod.</summary>
    public long? Restarts { get; init; }

    /// <summary>Creation time of its pod; null without a pod.</summary>
    public DateTimeOffset? CreatedAt { get; init; }

    public static MemberView OfNameServer(KubernetesObject pod) => Of("", pod.Name, NameServerRole, pod, "ready");

    /// <param name="group">Its group in the status of the cluster.</param>
    /// <param name="member">The member there.</param>
    /// <param name="pod">The pod of its name, null when there is none.</param>
    public static MemberView OfBroker(JsonElement group, JsonElement member, KubernetesObject? pod)
    {
        string role = member.Text("role") ?? "";
        string state =
            member.Flag("registered") != true ? "registering"
            : member.Text("sendsRefused") is not null ? Refusal(member.Text("refusedBy"))
            : member.Text("notFollowing") is not null ? "not copying"
            : member.Flag("outdated") == true ? "outdated"
            : "ready";
        MemberView seen = Of(group.Text("name") ?? "", member.Text("name") ?? "", role, pod, state);
        return seen with
        {
            Copy = role == MasterRole ? "" : CopyOf(group, seen.Name, seen.IsReady ? member.Number("lagBytes") : null),
            Epoch = role == MasterRole ? group.Number("epoch") : null,
        };
    }

    /// <summary>Makes the view: what the pod says comes before what the cluster's status said of it.</summary>
    private static MemberView Of(string group, string name, string role, KubernetesObject? pod, string stateWhenReady)
    {
        bool isReady = pod is { IsDeleting: false } && pod.HasCondition("Ready");
        string state = pod switch
        {
            null => "absent",
            { IsDeleting: true } => "stopping",
            _ when PodProblem.Of(pod) is not null => "failing",
            _ when !isReady => "starting",
            _ => stateWhenReady,
        };
        JsonElement[] containers = [.. pod?.Status.Items("containerStatuses") ?? default];
        return new MemberView(group, name, role, isReady, state, AddressOf(pod))
        {
            ProcessId = containers.Select(ProcessIdOf).FirstOrDefault(static id => id is not null),
            CreatedAt = pod?.Metadata.CreationTimestamp,
            Restarts = pod is null ? null : containers.Sum(static container => container.Number("restartCount") ?? 0),
        };
    }

    /// <summary>The broker's word for why it takes no messages, as short as a column needs it.</summary>
    private static string Refusal(string? word) => word switch
    {
        "DISK" => "disk full",
        "STORE" => "store fails",
        "COPIES" => "few copies",
        "PERMISSION" => "read only",
        "NOT_LEADING" => "not leading",
        _ => "refuses",
    };

    private static string CopyOf(JsonElement group, string name, long? lagBytes)
    {
        bool isElected = group.Has("epoch");
        if (isElected && group.Items("inSync").Any(member => member.GetString() == name))
        {
            return "in sync";
        }

        // The status has 0 for less than 1 MiB and rounds up to powers of two.
        return lagBytes switch
        {
            >= 1024 * Mebibyte => string.Create(CultureInfo.InvariantCulture, $"≤{lagBytes / (1024 * Mebibyte)} GiB behind"),
            >= Mebibyte => string.Create(CultureInfo.InvariantCulture, $"≤{lagBytes / Mebibyte} MiB behind"),
            _ when isElected => "not in sync",
            null => "",
            _ => "<1 MiB behind",
        };
    }

    /// <summary>The kubelet of <c>rocketops up</c> names processes, others do not.</summary>
    private static int? ProcessIdOf(JsonElement container) =>
        container.Field("state").Has("running") && container.Text("containerID") is { } id && id.StartsWith(ProcessScheme, StringComparison.Ordinal)
            && int.TryParse(id.AsSpan(ProcessScheme.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int process) ? process : null;

    private static string AddressOf(KubernetesObject? pod)
    {
        if (pod?.Status.Text("podIP") is not { Length: > 0 } address)
        {
            return "";
        }

        foreach (JsonElement container in pod.Spec.Items("containers"))
        {
            foreach (JsonElement port in container.Items("ports"))
            {
                if (port.Text("name") == "remoting" && port.Int("containerPort") is { } number)
                {
                    return $"{address}:{number}";
                }
            }
        }

        return address;
    }
}
