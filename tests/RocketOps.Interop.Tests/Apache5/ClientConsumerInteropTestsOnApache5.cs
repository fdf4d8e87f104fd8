using RocketOps.Interop.Tests.Fixtures;

namespace RocketOps.Interop.Tests.Apache5;

[Collection(Apache5Collection.Name)]
public sealed class ClientConsumerInteropTestsOnApache5(Apache5Fixture fixture) : ClientConsumerInteropTests(fixture);
