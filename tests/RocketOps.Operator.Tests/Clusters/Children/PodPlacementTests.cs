using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Children;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Leadership;
using RocketOps.Operator.Clusters.Revisions;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Settings;

namespace RocketOps.Operator.Tests.Clusters.Children;

public sealed class PodPlacementTests
{
    /// <summary>A newer operator has a default that an older one had not: nobody's brokers restart for it.</summary>
    [Fact]
    public void Build_SetMadeBeforeThereWasADefaultAffinity_TemplateStaysWithoutIt()
    {
        ClusterContext context = new(new BrokerCluster { Metadata = new ObjectMeta { Name = "a", Namespace = "default" }, Spec = { Brokers = { Groups = 2 } } }, new OperatorImages("b", "n"), new OrdinalRoles());
        StatefulSet older = BrokerStatefulSet.Build(context, "a-0", "config");
        older.Spec!.Template!.Spec!.Affinity.Should().NotBeNull("a new set spreads masters of different groups");
        older.Spec.Template.Spec.Affinity = null;
        older.Metadata.Annotations!.Remove(GroupRevision.CurrentAnnotation).Should().BeTrue();

        ClusterContext seen = context.Seeing(new ClusterObservation(null, [older], [], []));

        BrokerStatefulSet.Build(seen, "a-0", "config").Spec!.Template!.Spec!.Affinity.Should().BeNull();
        BrokerStatefulSet.Build(seen.WithoutLastMember("a-0"), "a-0", "config").Spec!.Template!.Spec!.Affinity.Should().BeNull();
        BrokerStatefulSet.Build(seen.Knowing(GroupObservation.None), "a-0", "config").Spec!.Template!.Spec!.Affinity.Should().BeNull();
        BrokerStatefulSet.Build(seen, "a-1", "config").Spec!.Template!.Spec!.Affinity.Should().NotBeNull();
    }

    /// <summary>When they restart anyway, the default comes with it: a cluster is what it would be had it been made so.</summary>
    [Fact]
    public void Build_SetMadeBeforeThereWasADefaultAffinityGetsAnotherImage_GetsTheDefaultToo()
    {
        BrokerCluster cluster = new() { Metadata = new ObjectMeta { Name = "a", Namespace = "default" }, Spec = { Brokers = { Groups = 2 } } };
        ClusterContext context = new(cluster, new OperatorImages("b", "n"), new OrdinalRoles());
        StatefulSet older = BrokerStatefulSet.Build(context, "a-0", "config");
        older.Spec!.Template!.Spec!.Affinity = null;
        older.Metadata.Annotations!.Remove(GroupRevision.CurrentAnnotation).Should().BeTrue();
        StatefulSet noted = BrokerStatefulSet.Build(Seeing(context, older), "a-0", "config");
        noted.Spec!.Template!.Spec!.Affinity.Should().BeNull("the note alone restarts nobody");

        cluster.Spec.Brokers.Image = "other";

        BrokerStatefulSet.Build(Seeing(context, noted), "a-0", "config").Spec!.Template!.Spec!.Affinity.Should().NotBeNull();
        BrokerStatefulSet.Keep(Seeing(context, noted), "a-0", "config").Spec!.Template!.Spec!.Affinity.Should().BeNull("whoever changes something else leaves the template");
    }

    private static ClusterContext Seeing(ClusterContext context, StatefulSet set) => context.Seeing(new ClusterObservation(null, [set], [], []));
}
