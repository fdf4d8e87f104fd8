namespace RocketOps.Kubernetes.Tests.Servers;

[CollectionDefinition(RealApiServer.Collection)]
public sealed class RealApiServerCollection : ICollectionFixture<RealApiServer>;
