using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters;
using RocketOps.Operator.Clusters.Children;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Leadership;
using RocketOps.Operator.Clusters.Pods;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Settings;

namespace RocketOps.Operator.Tests.Clusters;

/// <summary>Whom the configuration of a group that elects its master names, while members come and go.</summary>
public sealed class CountedMembersTests
{
    /// <summary>Asked for, in the set (0: there is none), on the list of new pods, on those of the pods, in sync by the Lease (null: there is none); and who is in the set and on the list then.</summary>
    public static TheoryData<string, int, int, int, int[], int[]?, int, int> Cases() => new()
    {
        { "a new group", 3, 0, 0, [], null, 3, 3 },
        { "more: the list first", 3, 2, 2, [2, 2], [0, 1], 2, 3 },
        { "more: one of the others restarted", 3, 2, 3, [2, 3], [0, 1], 2, 3 },
        { "taken back", 2, 2, 3, [2, 3], [0, 1], 2, 2 },
        { "fewer: it is there", 2, 3, 3, [3, 3, 3], [0, 1], 3, 3 },
        { "fewer: its pod stops", 2, 2, 3, [3, 3, 3], [0, 1], 2, 3 },
        { "fewer: the Lease names it", 2, 2, 3, [3, 3], [0, 1, 2], 2, 3 },
        { "fewer: nobody has told yet who is in sync", 2, 2, 3, [3, 3], [], 2, 3 },
        { "fewer: it has gone", 2, 2, 3, [3, 3], [0, 1], 2, 2 },
        { "two fewer: the list waits for the second", 2, 3, 4, [4, 4, 4], [0, 1, 2], 3, 4 },
        { "no Lease", 2, 2, 3, [3, 3], null, 2, 3 },
        { "no Lease, and one pod has not restarted", 2, 2, 2, [2, 3], null, 2, 3 },
        { "no set, and the pods that are left know fewer", 3, 0, 0, [2, 2], [0, 1], 2, 3 },
        { "no set, and a Lease of an earlier cluster", 3, 0, 0, [], [0, 4], 3, 5 },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void ListedOf_MembersComeAndGo_NobodyIsForgottenWhoMayLead(string what, int asked, int present, int template, int[] lists, int[]? inSync, int members, int listed)
    {
        ClusterContext context = Context(asked, Observation(present, template, lists), inSync);

        (context.MembersOf("a-0"), context.ListedOf("a-0")).Should().Be((members, listed), what);
        BrokerConfigMap.Build(context, "a-0").Data!.Should().HaveCount(listed);
        BrokerStatefulSet.Build(context, "a-0", "any").Spec!.Replicas.Should().Be(members);
    }

    private static ClusterContext Context(int asked, ClusterObservation observation, int[]? inSync)
    {
        BrokerCluster cluster = new() { Metadata = new ObjectMeta { Name = "a", Namespace = "ns", Uid = "c" } };
        cluster.Spec.Brokers.Replicas = asked;
        cluster.Spec.Replication = new() { Failover = FailoverMode.Automatic, Addressing = AddressingMode.PodIP };
        Dictionary<string, GroupLease> leases = new(StringComparer.Ordinal);
        if (inSync is not null)
        {
            leases["a-0"] = new GroupLease("a-0-0", 1, [.. inSync.Select(static ordinal => $"a-0-{ordinal}")], null, null);
        }

        return new ClusterContext(cluster, OperatorImages.Default, new OrdinalRoles())
            .Honouring(new EffectiveSpec(cluster.Spec, 1, KeptConfigurations.None, null, Blocked: false), observation)
            .Knowing(GroupObservation.None with { Leases = leases });
    }

    private static ClusterObservation Observation(int present, int template, int[] lists) => new(
        null,
        present == 0 ? [] : [new StatefulSet { Metadata = new ObjectMeta { Name = "a-0", Uid = "s" }, Spec = new StatefulSetSpec { Replicas = present, Template = new PodTemplateSpec { Spec = Starting(template) } } }],
        [.. lists.Select(static (list, ordinal) => new Pod { Metadata = new ObjectMeta { Name = $"a-0-{ordinal}", Labels = new(StringComparer.Ordinal) { [ClusterLabels.Group] = "a-0" } }, Spec = Starting(list) })],
        [])
    {
        Lists = Enumerable.Range(1, 5).ToDictionary(static members => $"list-of-{members}", static members => members, StringComparer.Ordinal),
    };

    private static PodSpec Starting(int list) => new() { Volumes = [new Volume { Name = PodParts.ConfigVolume, ConfigMap = new ConfigMapVolumeSource { Name = $"list-of-{list}" } }] };
}
