using RocketOps.Embedded.Kubelet.Objects;

namespace RocketOps.Cli.Up;

/// <summary>What the table shows of one BrokerCluster.</summary>
internal sealed record ClusterView(
    string Key, bool IsReady, string Reason, string Message, string NameServers, int ReadyNameServers, IReadOnlyList<MemberView> Members)
{
    /// <summary>Where programs of this machine reach the name servers; empty until something listens there.</summary>
    public string Address { get; init; } = "";

    public int GroupCount => Members.Select(member => member.Group).Distinct(StringComparer.Ordinal).Count();

    /// <param name="cluster">The object.</param>
    /// <param name="hostAddresses">Addresses on 127.0.0.1 by the key of their Service.</param>
    /// <param name="readyPods">Keys of pods that are ready now: a status from before the last stop says nothing about this run.</param>
    public static ClusterView Of(KubeObject cluster, IReadOnlySet<string> readyPods, IReadOnlyDictionary<string, string> hostAddresses)
    {
        List<MemberView> members = new();
        foreach (System.Text.Json.JsonElement group in cluster.Status.Items("groups"))
        {
            foreach (System.Text.Json.JsonElement member in group.Items("members"))
            {
                members.Add(new MemberView(
                    group.Text("name") ?? "",
                    member.Text("name") ?? "",
                    member.Text("role") ?? "",
                    readyPods.Contains(ObjectKey.Of(cluster.Namespace, member.Text("name") ?? "")),
                    member.Flag("registered") == true));
            }
        }

        ReadyCondition ready = ReadyCondition.Of(cluster);
        if (ready.IsTrue && !members.TrueForAll(member => member.IsReady))
        {
            // The operator has not seen yet that they are gone.
            ready = new ReadyCondition(false, "PodsStarting", "");
        }

        return new ClusterView(
            cluster.Key, ready.IsTrue, ready.Reason, ready.Message, cluster.Status.Text("nameServers") ?? "", cluster.Status.Int("readyNameServers") ?? 0, members)
        {
            Address = hostAddresses.GetValueOrDefault(ServiceKey(cluster.Status.Text("nameServers") ?? ""), ""),
        };
    }

    /// <summary>namespace/name of the Service behind <c>name.namespace.svc:port</c>.</summary>
    private static string ServiceKey(string nameServers) => nameServers.Split('.') is [string name, string ns, ..] ? ObjectKey.Of(ns, name) : "";
}
