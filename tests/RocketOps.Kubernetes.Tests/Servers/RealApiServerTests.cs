namespace RocketOps.Kubernetes.Tests.Servers;

[Collection(RealApiServer.Collection)]
public sealed class RealApiServerTests(RealApiServer server) : ApiServerTests(server);
