using RocketOps.Operator.Clusters.Children;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Leadership;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Settings;
using RocketOps.Operator.Tests.Support;

namespace RocketOps.Operator.Tests.Clusters;

/// <summary>A cluster in, its children out: <c>Golden/CASE/cluster.yaml</c> and <c>Golden/CASE/children.yaml</c>.</summary>
public sealed class GoldenClusterTests
{
    private static readonly string Folder = Repository.Path("tests", "RocketOps.Operator.Tests", "Golden");

    /// <summary>Addresses that Services of a group that elects its master were given.</summary>
    private static readonly GroupObservation Facts = new(
        new Dictionary<string, GroupLease>(StringComparer.Ordinal),
        new Dictionary<string, string>(StringComparer.Ordinal) { ["orders-0-master"] = "10.96.0.10", ["orders-0-0"] = "10.96.0.11", ["orders-0-1"] = "10.96.0.12" },
        GroupObservation.None.Unread);

    public static TheoryData<string> Cases() => new(Directory.GetDirectories(Folder).Select(static path => Path.GetFileName(path)!).Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Cases))]
    public void Build_Cluster_GoldenChildren(string name)
    {
        BrokerCluster cluster = Manifests.Cluster(File.ReadAllText(Path.Combine(Folder, name, "cluster.yaml")));

        string children = Manifests.Write(ClusterChildren.Parts(new ClusterContext(cluster, new OperatorImages("test/broker:1", "test/nameserver:1"), new OrdinalRoles()).Knowing(Facts)).SelectMany(static part => part));

        Repository.ShouldMatch(Path.Combine(Folder, name, "children.yaml"), children);
    }

    [Fact]
    public void Build_SameClusterTwice_SameBytes()
    {
        string yaml = File.ReadAllText(Path.Combine(Folder, "full", "cluster.yaml"));

        string first = Manifests.Write(ClusterChildren.Parts(new ClusterContext(Manifests.Cluster(yaml), OperatorImages.Default, new OrdinalRoles())).SelectMany(static part => part));
        string second = Manifests.Write(ClusterChildren.Parts(new ClusterContext(Manifests.Cluster(yaml), OperatorImages.Default, new OrdinalRoles())).SelectMany(static part => part));

        second.Should().Be(first);
    }
}
