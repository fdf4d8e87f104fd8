using System.Text.Json;
using RocketOps.Kubernetes.Dynamic;
using RocketOps.Kubernetes.Entities;

namespace RocketOps.Cli.Up;

/// <summary>View of one BrokerCluster on the screen.</summary>
/// <param name="Key">namespace/name.</param>
/// <param name="IsReady">All of it serves.</param>
/// <param name="Reason">One word of why not.</param>
/// <param name="Message">The full sentence of it.</param>
/// <param name="ReadyNameServers">How many serve.</param>
/// <param name="Members">Brokers, by group.</param>
internal sealed record ClusterView(
    string Key, bool IsReady, string Reason, string Message, int ReadyNameServers, IReadOnlyList<MemberView> Members)
{
    /// <summary>Address where programs of this machine reach the name servers; empty until something listens there.</summary>
    public string Address { get; init; } = "";

    /// <summary>Creation time of the object; null while nobody has said.</summary>
    public DateTimeOffset? CreatedAt { get; init; }

    /// <summary>The name servers.</summary>
    public IReadOnlyList<MemberView> NameServerMembers { get; init; } = [];

    /// <summary>Messages of the other conditions, each once: what is degraded, what this version does not do.</summary>
    public IReadOnlyList<string> Remarks { get; init; } = [];

    public int GroupCount => Members.Select(member => member.Group).Distinct(StringComparer.Ordinal).Count();

    /// <param name="cluster">The object.</param>
    /// <param name="pods">All pods by their key.</param>
    /// <param name="hostAddresses">Addresses on 127.0.0.1 by the key of their Service.</param>
    public static ClusterView Of(KubernetesObject cluster, IReadOnlyDictionary<ObjectKey, KubernetesObject> pods, IReadOnlyDictionary<string, string> hostAddresses)
    {
        List<MemberView> members = new();
        foreach (JsonElement group in cluster.Status.Items("groups"))
        {
            foreach (JsonElement member in group.Items("members"))
            {
                members.Add(MemberView.OfBroker(group, member, pods.GetValueOrDefault(new ObjectKey(cluster.Namespace, member.Text("name") ?? ""))));
            }
        }

        ReadyCondition ready = ReadyCondition.Of(cluster);
        if (ready.IsTrue && !members.TrueForAll(member => member.IsReady))
        {
            // The operator has not seen yet that they are gone.
            ready = new ReadyCondition(false, "PodsStarting", "");
        }

        return new ClusterView(
            cluster.Key().ToString(), ready.IsTrue, ready.Reason, ready.Message, cluster.Status.Int("readyNameServers") ?? 0, members)
        {
            Address = hostAddresses.GetValueOrDefault(new ObjectKey(cluster.Namespace, $"{cluster.Name}-nameserver").ToString(), ""),
            CreatedAt = cluster.Metadata.CreationTimestamp,
            NameServerMembers =
            [
                .. pods.Values.Where(pod => pod.Namespace == cluster.Namespace && pod.Label("rocketops.io/cluster") == cluster.Name && pod.Label("rocketops.io/component") == "nameserver")
                    .Select(MemberView.OfNameServer)
                    .OrderBy(member => member.Name, StringComparer.Ordinal),
            ],
            Remarks = RemarksOf(cluster, ready),
        };
    }

    /// <summary>
    /// Returns what the other conditions add. They name the same pods and groups in part, so one that says nothing new is left out.
    /// </summary>
    private static List<string> RemarksOf(KubernetesObject cluster, ReadyCondition ready)
    {
        List<string> remarks = [];
        HashSet<string> told = [.. Statements(ready.Message)];
        foreach (JsonElement condition in cluster.Status.Items("conditions"))
        {
            string type = condition.Text("type") ?? "";
            bool isRemarkable = (type, condition.Text("status")) is ("Available" or "Replicated", "False") or ("Degraded" or "Stalled", "True");

            // A cluster that is not ready because a group takes no messages is not available for the same reason.
            bool isTold = !ready.IsTrue && type == "Available" && condition.Text("reason") == ready.Reason;
            if (isRemarkable && !isTold && condition.Text("message") is { Length: > 0 } message && !told.IsSupersetOf(Statements(message)))
            {
                remarks.Add(message);
                told.UnionWith(Statements(message));
            }
        }

        return remarks;
    }

    /// <summary>A message is sentences, and what one of them says of several pods is parted by semicolons.</summary>
    private static IEnumerable<string> Statements(string message) =>
        message.Split((string[])[". ", "; "], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(static statement => statement.TrimEnd('.'));
}
