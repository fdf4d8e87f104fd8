namespace RocketOps.Interop.Tests.Fixtures;

/// <summary>Tests of clients, on servers of their own: with those of <see cref="RocketOpsCollection"/> they would be the one collection that all others have ended before.</summary>
[CollectionDefinition(Name)]
public sealed class RocketOpsClientsCollection : ICollectionFixture<RocketOpsFixture>
{
    public const string Name = "servers: RocketOps, for clients";
}
