using RocketOps.Interop.Tests.Fixtures;
using RocketOps.Testing.Remoting;

namespace RocketOps.Interop.Tests.Apache5;

// Deep: proves the tests and records what Apache answers, not our servers; ApacheSessionTests is what the gate keeps of it.
[Trait("ring", "deep")]
[Collection(Apache5Collection.Name)]
public sealed class ConsumerRowsTestsOnApache5(Apache5Fixture fixture) : ConsumerRowsTests(fixture)
{
    protected override IReadOnlyList<string> Expected => ConsumerRows.ExpectedOfApache5;
}
