using RocketOps.Testing.Servers;

namespace RocketOps.Interop.Tests.Fixtures;

/// <summary>Ours with RocketMQ's own delay levels: scenarios of the kit wait for level 2, which is an hour elsewhere (<see cref="ServerFixture"/>).</summary>
public sealed class RocketOpsFeaturesFixture : ServerFixture
{
    public override IReadOnlyList<string> JavaVersions => [ApacheServer.Version4, ApacheServer.Version5];

    protected override ServerUnderTest Create() =>
        new RocketOpsServer(SharedOptions with { Broker = SharedOptions.Broker.Where(static property => property.Key != DelayLevels).ToDictionary(StringComparer.Ordinal) });
}
