using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Clusters.Steps;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Hosting;

namespace RocketOps.Operator.Tests.Clusters;

public sealed class LeaseBelongingTests
{
    private static readonly OwnerReference Ours = new() { ApiVersion = "rocketops.io/v1beta1", Kind = "BrokerCluster", Name = "a", Uid = "cluster" };

    /// <summary>As a member makes it, again too: without owner and labels. In sync may be one that is wanted no longer.</summary>
    [Theory]
    [InlineData("a-0-0/1")]
    [InlineData("a-0-7/1")]
    [InlineData("b-0-0/1,a-0-1/1")]
    public void OfMembers_NobodysYet_IsTheGroupsAndNotMarked(string inSync)
    {
        Lease lease = Lease(inSync);

        LeaseBelonging.ForeignBecause(Context(), lease).Should().BeNull();
        LeaseBelonging.IsMarked(Context(), lease).Should().BeFalse();
    }

    [Fact]
    public void OfMembers_AClusterOfThisNameHadIt_IsTheGroupsAndNotMarked()
    {
        Lease lease = Lease("a-0-0/1", owner: new OwnerReference { ApiVersion = Ours.ApiVersion, Kind = Ours.Kind, Name = "a", Uid = "earlier" }, cluster: "a", group: "a-0");

        LeaseBelonging.ForeignBecause(Context(), lease).Should().BeNull();
        LeaseBelonging.IsMarked(Context(), lease).Should().BeFalse();
    }

    /// <summary>Somebody who edits it does not make it another's: members say what they cannot read.</summary>
    [Theory]
    [InlineData("a-0-0/1")]
    [InlineData(null)]
    [InlineData("mistyped")]
    public void WithOwnerAndLabels_IsMarked(string? inSync)
    {
        Lease lease = Lease(inSync, Ours, "a", "a-0");

        LeaseBelonging.ForeignBecause(Context(), lease).Should().BeNull();
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

        LeaseBelonging.ForeignBecause(Context(), lease).Should().BeNull();
        LeaseBelonging.IsMarked(Context(), lease).Should().BeFalse();
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("b-0-0/1,b-0-1/1")]
    [InlineData("a-0/1,a-0-x/1,a-01-0/1,a-0-01/1")]
    public void NamesNoMember_IsForeign(string? inSync) => LeaseBelonging.ForeignBecause(Context(), Lease(inSync)).Should().Contain("was not made by a member of that group");

    [Theory]
    [InlineData("BrokerCluster", "b", false)]
    [InlineData("Deployment", "app", true)]
    public void AnothersObjectHasIt_IsForeign(string kind, string name, bool controls) =>
        LeaseBelonging.ForeignBecause(Context(), Lease("a-0-0/1", new OwnerReference { ApiVersion = "v1", Kind = kind, Name = name, Uid = "other", Controller = controls })).Should().Contain($"belongs to {kind} {name}");

    [Fact]
    public void LabelsNameAnotherCluster_IsForeign() =>
        LeaseBelonging.ForeignBecause(Context(), Lease("a-0-0/1", cluster: "b", group: "b-0")).Should().Contain("belongs to BrokerCluster b");

    private static ClusterContext Context() =>
        new(new BrokerCluster { Metadata = new ObjectMeta { Name = "a", Namespace = "default", Uid = "cluster" } }, new OperatorImages("broker", "nameserver"), new OrdinalLeadership());

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
