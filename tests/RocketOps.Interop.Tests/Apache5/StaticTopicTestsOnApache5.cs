using RocketOps.Interop.Tests.Fixtures;
using RocketOps.Testing.Servers;

namespace RocketOps.Interop.Tests.Apache5;

// Deep: proves the tests and records what Apache answers, not our servers; ApacheSessionTests is what the gate keeps of it.
[Trait("ring", "deep")]
[Collection(Apache5Collection.Name)]
public sealed class StaticTopicTestsOnApache5(Apache5Fixture fixture) : StaticTopicTests(fixture)
{
    protected override ServerUnderTest Create(ServerOptions options) => new ApacheServer(ApacheServer.Version5, options);
}
