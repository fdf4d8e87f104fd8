using RocketOps.Testing.Servers;

namespace RocketOps.Interop.Tests.Fixtures;

/// <summary>Apache RocketMQ 5.5.0.</summary>
public sealed class Apache5Fixture : ServerFixture
{
    public override IReadOnlyList<string> JavaVersions => [ApacheServer.Version5];

    protected override ServerUnderTest Create() => new ApacheServer(ApacheServer.Version5, SharedOptions);
}
