using RocketOps.Interop.Tests.Fixtures;
using Xunit.Abstractions;

namespace RocketOps.Interop.Tests.Apache5;

// Deep: proves the tests and records what Apache answers, not our servers; ApacheSessionTests is what the gate keeps of it.
[Trait("ring", "deep")]
[Collection(Apache5Collection.Name)]
public sealed class MembersStartTogetherTestsOnApache5(Apache5Fixture fixture, ITestOutputHelper output) : MembersStartTogetherTests(fixture, output);
