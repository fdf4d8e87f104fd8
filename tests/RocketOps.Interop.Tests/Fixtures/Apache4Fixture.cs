using RocketOps.Testing.Servers;

namespace RocketOps.Interop.Tests.Fixtures;

/// <summary>Apache RocketMQ 4.9.7.</summary>
public sealed class Apache4Fixture : ServerFixture
{
    public override IReadOnlyList<string> JavaVersions => [ApacheServer.Version4];

    public override string? WhyNameServerIsSilent => "Apache's name server 4.9.7 does not answer request codes it does not know";

    public override string? WhyNoTimers => "4.9.7 knows delay levels only";

    protected override ServerUnderTest Create() => new ApacheServer(ApacheServer.Version4, SharedOptions);
}
