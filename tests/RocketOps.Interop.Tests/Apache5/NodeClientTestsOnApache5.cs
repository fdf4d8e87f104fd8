using RocketOps.Interop.Tests.Fixtures;

namespace RocketOps.Interop.Tests.Apache5;

// Deep: proves the tests and records what Apache answers, not our servers; ApacheSessionTests is what the gate keeps of it.
[Trait("ring", "deep")]
[Collection(Apache5Collection.Name)]
public sealed class NodeClientTestsOnApache5(Apache5Fixture fixture) : NodeClientTests(fixture);
