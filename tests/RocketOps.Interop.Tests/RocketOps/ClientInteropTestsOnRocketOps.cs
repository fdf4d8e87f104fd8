using RocketOps.Interop.Tests.Fixtures;

namespace RocketOps.Interop.Tests.RocketOps;

[Collection(RocketOpsClientsCollection.Name)]
public sealed class ClientInteropTestsOnRocketOps(RocketOpsFixture fixture) : ClientInteropTests(fixture);
