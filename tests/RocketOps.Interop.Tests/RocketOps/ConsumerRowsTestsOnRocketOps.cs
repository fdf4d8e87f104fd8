using RocketOps.Interop.Tests.Fixtures;
using RocketOps.Testing.Remoting;

namespace RocketOps.Interop.Tests.RocketOps;

[Collection(RocketOpsCollection.Name)]
public sealed class ConsumerRowsTestsOnRocketOps(RocketOpsFixture fixture) : ConsumerRowsTests(fixture)
{
    protected override IReadOnlyList<string> Expected => ConsumerRows.Expected;
}
