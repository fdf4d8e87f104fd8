using RocketOps.Testing.Servers;

namespace RocketOps.Interop.Tests.Fixtures;

/// <summary>Ours.</summary>
public sealed class RocketOpsFixture : ServerFixture
{
    public override IReadOnlyList<string> JavaVersions => [ApacheServer.Version4, ApacheServer.Version5];

    protected override ServerUnderTest Create() => new RocketOpsServer(SharedOptions);
}
