namespace RocketOps.Interop.Tests.Fixtures;

[CollectionDefinition(Name)]
public sealed class RocketOpsCollection : ICollectionFixture<RocketOpsFixture>
{
    public const string Name = "servers: RocketOps";
}
