using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Children;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Leadership;
using RocketOps.Operator.Clusters.Marks;
using RocketOps.Operator.Clusters.Revisions;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Settings;

namespace RocketOps.Operator.Tests.Clusters.Marks;

public sealed class GroupClosureTests
{
    /// <summary>Pods of sets that an older operator made would restart for the variable, and their groups are not new.</summary>
    [Fact]
    public void Build_SetMadeBeforeThereWasTheVariable_TemplateStaysWithoutIt()
    {
        ClusterContext context = Context(status: null);
        StatefulSet older = BrokerStatefulSet.Build(context, "a-0", "config");
        older.Spec!.Template!.Spec!.Containers![0].Env!.RemoveAll(static variable => variable.Name == GroupClosure.Variable).Should().Be(1);
        older.Metadata.Annotations!.Remove(GroupRevision.CurrentAnnotation).Should().BeTrue();

        ClusterContext seen = context.Seeing(new ClusterObservation(null, [older], [], []));

        GroupClosure.IsIn(BrokerStatefulSet.Build(seen, "a-0", "config")).Should().BeFalse();
        GroupClosure.IsIn(BrokerStatefulSet.Build(seen.Knowing(GroupObservation.None), "a-0", "config")).Should().BeFalse();
        GroupClosure.IsIn(BrokerStatefulSet.Build(seen, "a-1", "config")).Should().BeTrue();
    }

    [Fact]
    public void BeginsClosed_AnotherGroupHasHadAPod_AndNotBefore()
    {
        Context(status: null).BeginsClosed("a-1").Should().BeFalse("nothing is known of the cluster");
        Context(Groups(uid: null)).BeginsClosed("a-1").Should().BeFalse("its groups are being made");
        Context(Groups("1")).BeginsClosed("a-1").Should().BeTrue();
        Context(Groups("1")).BeginsClosed("a-0").Should().BeFalse("producers have nowhere else to go");
    }

    private static BrokerClusterStatus Groups(string? uid) => new() { Groups = [new BrokerGroupStatus { Name = "a-0", Members = [new BrokerMemberStatus { Name = "a-0-0", PodUid = uid }] }] };

    private static ClusterContext Context(BrokerClusterStatus? status) =>
        new(new BrokerCluster { Metadata = new ObjectMeta { Name = "a", Namespace = "default" }, Spec = { Brokers = { Groups = 2 } }, Status = status }, new OperatorImages("b", "n"), new OrdinalRoles());
}
