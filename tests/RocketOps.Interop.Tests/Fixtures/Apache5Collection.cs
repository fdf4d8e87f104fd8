namespace RocketOps.Interop.Tests.Fixtures;

[CollectionDefinition(Name)]
public sealed class Apache5Collection : ICollectionFixture<Apache5Fixture>
{
    public const string Name = "servers: Apache5";
}
