using RocketOps.Embedded.Kubelet.Objects;

namespace RocketOps.Cli.Up;

/// <summary>What the table shows of one BrokerCluster.</summary>
internal sealed record ClusterView(
    string Key, bool IsReady, string Reason, string Message, string NameServers, int ReadyNameServers, IReadOnlyList<MemberView> Members)
{
    public int GroupCount => Members.Select(member => member.Group).Distinct(StringComparer.Ordinal).Count();

    /// <param name="cluster">The object.</param>
    /// <param name="readyPods">Keys of pods that are ready now: a status from before the last stop says nothing about this run.</param>
    public static ClusterView Of(KubeObject cluster, IReadOnlySet<string> readyPods)
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
            cluster.Key, ready.IsTrue, ready.Reason, ready.Message, cluster.Status.Text("nameServers") ?? "", cluster.Status.Int("readyNameServers") ?? 0, members);
    }
}
