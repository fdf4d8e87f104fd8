using RocketOps.Interop.Tests.Fixtures;

namespace RocketOps.Interop.Tests.Apache4;

// Deep: proves the tests and records what Apache answers, not our servers; ApacheSessionTests is what the gate keeps of it.
[Trait("ring", "deep")]
[Collection(Apache4Collection.Name)]
public sealed class StatisticsTestsOnApache4(Apache4Fixture fixture) : StatisticsTests(fixture);
