namespace RocketOps.Interop.Tests.Fixtures;

/// <summary>As <see cref="RocketOpsClientsCollection"/>, for what Apache's Java clients try alone.</summary>
[CollectionDefinition(Name)]
public sealed class RocketOpsFeaturesCollection : ICollectionFixture<RocketOpsFeaturesFixture>
{
    public const string Name = "servers: RocketOps, for features of Java clients";
}
