namespace RocketOps.Cluster.Tests;

[CollectionDefinition(Name)]
public sealed class KubeClusterCollection : ICollectionFixture<KubeCluster>
{
    public const string Name = "a real cluster";
}
