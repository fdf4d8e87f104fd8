using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Children;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Clusters.Leadership;
using RocketOps.Operator.Clusters.Pods;
using RocketOps.Operator.Clusters.Scaling;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Settings;

namespace RocketOps.Operator.Tests.Clusters.Scaling;

/// <summary>A group that elects its master gets more members, and those that are there have started with a list of all five.</summary>
public sealed class ScaleOutPlannerTests
{
    [Fact]
    public void Next_AllAreInSync_OneComes() => Next(5, 3, [0, 1, 2]).Should().Be(new ScaleOutPlan("a-0", OperationPhase.Adding, "a-0-3 comes to a-0.", Members: 4));

    [Fact]
    public void Next_ANewOneCopies_TheNextComesAfterIt() => Next(5, 4, [0, 1, 2], joining: 3).Should().Be(
        new ScaleOutPlan("a-0", OperationPhase.Joining, "a-0-3 in a-0: what the others have is copied until the Lease names them in sync. After that: a-0-4."));

    [Fact]
    public void Next_TheLastOneCopies_NobodyComesAfterIt() => Next(4, 4, [0, 1, 2], joining: 3).Should().Be(
        new ScaleOutPlan("a-0", OperationPhase.Joining, "a-0-3 in a-0: what the others have is copied until the Lease names them in sync."));

    [Fact]
    public void Next_OneHasFallenBehind_IsWaitedFor() => Next(5, 3, [0, 2]).Should().Be(new ScaleOutPlan("a-0", OperationPhase.Waiting, "a-0-3, a-0-4 wait for a-0-1 to be in sync."));

    [Fact]
    public void Next_OneIsMissingAndAnotherHasFallenBehind_SaysWhichWaits() => Next(4, 3, [0, 2]).Should().Be(new ScaleOutPlan("a-0", OperationPhase.Waiting, "a-0-3 waits for a-0-1 to be in sync."));

    /// <summary>Nothing is copied, and a group that lost its Lease, or all copies in sync, begins with everybody whom it counts.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Next_NobodyLeads_AllCome(bool hasLease) =>
        Next(5, 4, hasLease ? [0, 1, 2] : null, joining: 3, master: null).Should().Be(new ScaleOutPlan("a-0", OperationPhase.Adding, "a-0-4 comes to a-0.", Members: 5));

    [Fact]
    public void Next_NobodyLeadsAndNoneIsNew_AllCome() => Next(5, 3, null).Should().Be(new ScaleOutPlan("a-0", OperationPhase.Adding, "a-0-3, a-0-4 come to a-0.", Members: 5));

    [Theory]
    [InlineData(3, 4)]
    [InlineData(3, 3)]
    public void Next_NoMoreAreAskedFor_NothingIsToBeDone(int asked, int present) => Next(asked, present, [0, 1, 2], joining: 3).Should().BeNull("who leaves is not waited for");

    private static ScaleOutPlan? Next(int asked, int present, int[]? inSync, int? joining = null, int? master = 0)
    {
        GroupLease? lease = inSync is null ? null : new GroupLease(master is { } leads ? $"a-0-{leads}" : null, 1, [.. inSync.Select(static ordinal => $"a-0-{ordinal}")], null, null);
        ClusterContext before = Context(asked, Observation(present, "unknown", joining), lease);
        ClusterObservation observation = Observation(present, BrokerConfigMap.Build(before, "a-0").Name(), joining);
        ClusterContext context = Context(asked, observation, lease);
        ObservedGroup group = new(
            "a-0",
            observation.Set("a-0"),
            [.. Enumerable.Range(0, present).Select(member => new ObservedMember("a-0", $"a-0-{member}", member, context.Roles.RankOf("a-0", member), new MemberPod($"uid-{member}", Ready: true, Outdated: false, Terminating: false), MemberFigures.Unknown, Registered: null))],
            lease)
        { IsElected = true };
        return ScaleOutPlanner.Next(context, [group]).SingleOrDefault();
    }

    private static ClusterContext Context(int asked, ClusterObservation observation, GroupLease? lease)
    {
        BrokerCluster cluster = new() { Metadata = new ObjectMeta { Name = "a", Namespace = "ns", Uid = "c" } };
        cluster.Spec.Brokers.Replicas = asked;
        cluster.Spec.Replication = new() { Failover = FailoverMode.Automatic, Addressing = AddressingMode.PodIP };
        Dictionary<string, GroupLease> leases = new(StringComparer.Ordinal);
        if (lease is not null)
        {
            leases["a-0"] = lease;
        }

        return new ClusterContext(cluster, OperatorImages.Default, new OrdinalRoles())
            .Honouring(new EffectiveSpec(cluster.Spec, 1, KeptConfigurations.None, null, Blocked: false), observation)
            .Knowing(GroupObservation.None with { Leases = leases });
    }

    private static ClusterObservation Observation(int present, string configuration, int? joining) => new(
        null,
        [
            new StatefulSet
            {
                Metadata = new ObjectMeta { Name = "a-0", Uid = "s", Annotations = joining is { } from ? new() { ["rocketops.io/joining-from"] = $"{from}" } : null },
                Spec = new StatefulSetSpec { Replicas = present, Template = new PodTemplateSpec { Spec = new PodSpec { Volumes = [PodParts.ConfigFrom(configuration)] } } },
                Status = new StatefulSetStatus(),
            },
        ],
        [],
        [])
    {
        Lists = new Dictionary<string, int>(StringComparer.Ordinal) { [configuration] = 5 },
    };
}
