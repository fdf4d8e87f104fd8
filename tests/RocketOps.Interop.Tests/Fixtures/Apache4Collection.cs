namespace RocketOps.Interop.Tests.Fixtures;

[CollectionDefinition(Name)]
public sealed class Apache4Collection : ICollectionFixture<Apache4Fixture>
{
    public const string Name = "servers: Apache4";
}
