using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Leadership;
using RocketOps.Operator.Clusters.Steps;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Settings;

namespace RocketOps.Operator.Tests.Clusters.Steps;

public sealed class LeaseBelongingTests
{
    private static readonly OwnerReference Ours = new() { ApiVersion = "rocketops.io/v1beta1", Kind = "BrokerCluster", Name = "a", Uid = "cluster" };

    private static readonly OwnerReference Namesake = new() { ApiVersion = Ours.ApiVersion, Kind = Ours.Kind, Name = "a", Uid = "earlier" };

    /// <summary>As a member makes it, again too: without owner and labels. In sync may be one that is wanted no longer.</summary>
    [Theory]
    [InlineData("a-0-0/1")]
    [InlineData("a-0-7/1")]
    [InlineData("b-0-0/1,a-0-1/1")]
    public void OfMembers_NobodysYet_IsTheGroupsAndNotMarked(string inSync)
    {
        Lease lease = Lease(inSync);

        WhyForeign(lease).Should().BeNull();
        LeaseBelonging.IsMarked(Context(), lease).Should().BeFalse();
    }

    [Fact]
    public void OfMembers_AClusterOfThisNameHadIt_IsTheGroupsWithItsStoresAndNotMarked()
    {
        Lease lease = Lease("a-0-0/1", Namesake, cluster: "a", group: "a-0");

        LeaseBelonging.WhyForeign(Context(), lease, static id => id == "id").Should().BeNull();
        LeaseBelonging.IsMarked(Context(), lease).Should().BeFalse();
    }

    /// <summary>Copied from a namespace where a cluster has the same name, or left behind by one that is gone with its stores: Kubernetes removes what has no owner here.</summary>
    [Fact]
    public void OfMembers_AnotherClusterOfThisNameHasIt_GoesByItself()
    {
        Problem? why = LeaseBelonging.WhyForeign(Context(), Lease("a-0-0/1", Namesake, cluster: "a", group: "a-0"), static _ => false);

        why.Should().Match<Problem>(static problem => problem.Reason == Reasons.Updating && problem.Message.Contains("Lease a-0 belongs to another BrokerCluster a than this one", StringComparison.Ordinal));
    }

    /// <summary>What somebody edits on the cluster's own does not make it another's.</summary>
    [Theory]
    [InlineData("b", "b-0", null)]
    [InlineData("b", "a-0", null)]
    [InlineData("a", "a-0", "b")]
    [InlineData("a", "a-0", "a")]
    public void OwnedAndOfMembers_LabelsOrOwnersWereEdited_IsTheGroupsAndIsMarkedAnew(string cluster, string group, string? owner)
    {
        Lease lease = Lease("a-0-0/1", Ours, cluster, group);
        if (owner is not null)
        {
            lease.Metadata.OwnerReferences!.Add(new OwnerReference { ApiVersion = Ours.ApiVersion, Kind = Ours.Kind, Name = owner, Uid = "other" });
        }

        WhyForeign(lease).Should().BeNull();
        LeaseBelonging.IsMarked(Context(), lease).Should().BeFalse();
    }

    /// <summary>Nothing tells that members of the group have made it.</summary>
    [Fact]
    public void OwnedAndOfNobodysMembers_LabelsNameAnotherCluster_IsForeign() => WhyForeign(Lease("b-0-0/1", Ours, "b", "b-0")).Should().Contain("belongs to BrokerCluster b");

    /// <summary>Somebody who edits it does not make it another's: members say what they cannot read.</summary>
    [Theory]
    [InlineData("a-0-0/1")]
    [InlineData(null)]
    [InlineData("mistyped")]
    public void WithOwnerAndLabels_IsMarked(string? inSync)
    {
        Lease lease = Lease(inSync, Ours, "a", "a-0");

        WhyForeign(lease).Should().BeNull();
        LeaseBelonging.IsMarked(Context(), lease).Should().BeTrue();
    }

    /// <summary>Without them the watch does not see it.</summary>
    [Theory]
    [InlineData(null, "a-0")]
    [InlineData("a", null)]
    [InlineData("a", "a-1")]
    public void LabelsAreGone_IsTheGroupsAndNotMarked(string? cluster, string? group)
    {
        Lease lease = Lease("a-0-0/1", Ours, cluster, group);

        WhyForeign(lease).Should().BeNull();
        LeaseBelonging.IsMarked(Context(), lease).Should().BeFalse();
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("b-0-0/1,b-0-1/1")]
    [InlineData("a-0/1,a-0-x/1,a-01-0/1,a-0-01/1")]
    public void NamesNoMember_IsForeign(string? inSync) => WhyForeign(Lease(inSync)).Should().Contain("was not made by a member of that group");

    [Theory]
    [InlineData("BrokerCluster", "b", false)]
    [InlineData("Deployment", "app", true)]
    public void AnothersObjectHasIt_IsForeign(string kind, string name, bool controls) =>
        WhyForeign(Lease("a-0-0/1", new OwnerReference { ApiVersion = "v1", Kind = kind, Name = name, Uid = "other", Controller = controls })).Should().Contain($"belongs to {kind} {name}");

    [Fact]
    public void LabelsNameAnotherCluster_IsForeign() =>
        WhyForeign(Lease("a-0-0/1", cluster: "b", group: "b-0")).Should().Contain("belongs to BrokerCluster b");

    private static string? WhyForeign(Lease lease) => LeaseBelonging.WhyForeign(Context(), lease, static _ => false)?.Message;

    private static ClusterContext Context() =>
        new(new BrokerCluster { Metadata = new ObjectMeta { Name = "a", Namespace = "default", Uid = "cluster" } }, new OperatorImages("broker", "nameserver"), new OrdinalRoles());

    private static Lease Lease(string? inSync, OwnerReference? owner = null, string? cluster = null, string? group = null)
    {
        Dictionary<string, string> labels = new(StringComparer.Ordinal);
        if (cluster is not null)
        {
            labels[ClusterLabels.Cluster] = cluster;
        }

        if (group is not null)
        {
            labels[ClusterLabels.Group] = group;
        }

        return new Lease
        {
            Metadata = new ObjectMeta
            {
                Name = "a-0",
                Namespace = "default",
                Labels = labels,
                OwnerReferences = owner is null ? null : [owner],
                Annotations = inSync is null ? null : new() { ["rocketops.io/in-sync"] = inSync, ["rocketops.io/group-id"] = "id" },
            },
        };
    }
}
