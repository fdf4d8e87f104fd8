using RocketOps.Interop.Tests.Fixtures;
using RocketOps.Interop.Tests.NameServers;
using RocketOps.Testing;
using RocketOps.Testing.Rings;
using RocketOps.Testing.Servers;

namespace RocketOps.Interop.Tests.Replication;

/// <summary>A group that ran on Apache's broker goes to ours, by a slave that follows (<see cref="MasterChange"/>). A master of 4.9 has no timers.</summary>
public sealed class OurSlaveLeadsTests
{
    /// <summary>The version, and whether the master is killed. The gate has the harder end, which is also the faster one.</summary>
    public static TheoryData<string, bool> Ends => Depth.IsDeep
        ? new() { { ApacheServer.Version4, false }, { ApacheServer.Version4, true }, { ApacheServer.Version5, false }, { ApacheServer.Version5, true } }
        : new() { { ApacheServer.Version5, true } };

    [SkippableTheory]
    [MemberData(nameof(Ends))]
    public async Task Slave_WhenApachesMasterHasEnded_GoesOnAsTheMaster(string version, bool killed)
    {
        Kit.Require(SharedKits.RocketMq);
        await using MixedServer master = new(version, MasterChange.MasterOptions());
        await master.StartAsync();
        await using RocketOpsServer slave = new(MasterChange.SlaveOptions(master));
        await MasterChange.RunAsync(master, slave, store => new RocketOpsServer(MasterChange.PromotedOptions(master, store)), isVersion5: version == ApacheServer.Version5, killed);
    }
}
