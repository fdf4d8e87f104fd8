using RocketOps.Interop.Tests.Fixtures;
using RocketOps.Testing.Servers;

namespace RocketOps.Interop.Tests.Apache5;

[Collection(Apache5Collection.Name)]
public sealed class StaticTopicTestsOnApache5(Apache5Fixture fixture) : StaticTopicTests(fixture)
{
    protected override ServerUnderTest Create(ServerOptions options) => new ApacheServer(ApacheServer.Version5, options);
}
