using RocketOps.Interop.Tests.Fixtures;

namespace RocketOps.Interop.Tests.Apache4;

[Collection(Apache4Collection.Name)]
public sealed class ClientInteropTestsOnApache4(Apache4Fixture fixture) : ClientInteropTests(fixture);
