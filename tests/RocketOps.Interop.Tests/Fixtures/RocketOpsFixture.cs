using RocketOps.Testing.Servers;

namespace RocketOps.Interop.Tests.Fixtures;

/// <summary>Ours.</summary>
public sealed class RocketOpsFixture : ServerFixture
{
    public override IReadOnlyList<string> JavaVersions => [ApacheServer.Version4, ApacheServer.Version5];

    public override string? WhyNoTimers => "our broker has delay levels only";

    protected override ServerUnderTest Create() => new RocketOpsServer(SharedOptions);
}
