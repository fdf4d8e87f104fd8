using RocketOps.Interop.Tests.Fixtures;

namespace RocketOps.Interop.Tests.Apache4;

// Deep: proves the tests and records what Apache answers, not our servers; ApacheSessionTests is what the gate keeps of it.
[Trait("ring", "deep")]
[Collection(Apache4Collection.Name)]
public sealed class ClientInteropTestsOnApache4(Apache4Fixture fixture) : ClientInteropTests(fixture);
