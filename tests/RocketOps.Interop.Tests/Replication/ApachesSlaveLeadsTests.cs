using RocketOps.Interop.Tests.Fixtures;
using RocketOps.Testing;
using RocketOps.Testing.Rings;
using RocketOps.Testing.Servers;

namespace RocketOps.Interop.Tests.Replication;

/// <summary>A group that ran on our broker goes to Apache's, by a slave that follows (<see cref="MasterChange"/>). A slave of 4.9 takes over no timers: it does not know them, and nothing asks it to deliver what waits in their topic.</summary>
public sealed class ApachesSlaveLeadsTests
{
    /// <summary>The version, and whether the master is killed. The gate has what somebody does who goes back. A slave of 5.x asks for tables a minute after its start, which is what this waits for (<see cref="LongWaitsFirst"/>).</summary>
    public static TheoryData<string, bool> Ends => Depth.IsDeep
        ? new() { { ApacheServer.Version4, false }, { ApacheServer.Version4, true }, { ApacheServer.Version5, false }, { ApacheServer.Version5, true } }
        : new() { { ApacheServer.Version5, false } };

    [SkippableTheory]
    [MemberData(nameof(Ends))]
    public async Task Slave_WhenOurMasterHasEnded_GoesOnAsTheMaster(string version, bool killed)
    {
        Kit.Require(SharedKits.RocketMq);
        await using RocketOpsServer master = new(MasterChange.MasterOptions());
        await master.StartAsync();
        await using ApacheServer slave = new(version, MasterChange.SlaveOptions(master));
        await MasterChange.RunAsync(master, slave, store => new ApacheServer(version, MasterChange.PromotedOptions(master, store)), isVersion5: version == ApacheServer.Version5, killed);
    }
}
