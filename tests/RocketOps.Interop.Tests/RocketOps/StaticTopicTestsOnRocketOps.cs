using RocketOps.Interop.Tests.Fixtures;
using RocketOps.Testing.Servers;

namespace RocketOps.Interop.Tests.RocketOps;

[Collection(RocketOpsCollection.Name)]
public sealed class StaticTopicTestsOnRocketOps(RocketOpsFixture fixture) : StaticTopicTests(fixture)
{
    protected override ServerUnderTest Create(ServerOptions options) => new RocketOpsServer(options);
}
