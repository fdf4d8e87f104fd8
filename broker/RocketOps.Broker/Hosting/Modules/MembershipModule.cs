using RocketOps.Broker.Clients;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Failover;

namespace RocketOps.Broker.Hosting.Modules;

/// <summary>Standing of a member in its group, made before what asks for it; <see cref="FailoverModule"/> has the member itself.</summary>
internal sealed class MembershipModule
{
    private MembershipModule(HostServices host, ElectionSettings group)
    {
        Standing = new MemberStanding(group, host.Time);
        Loop = new MemberLoop(Standing, host.LoggerOf<FailoverMember>());
        Door = new MasterDoor(group.Options, () => Standing.HeldEpoch, () => Standing.Leads, host.Time, Loop.Post);
        Awaited = new AwaitedConsumers(host.Settings, () => Standing.Sender, host.Time);
    }

    public MemberStanding Standing { get; }

    public MemberLoop Loop { get; }

    public MasterDoor Door { get; }

    /// <summary>Consumers that were here when another member led.</summary>
    public AwaitedConsumers Awaited { get; }

    /// <summary>Null where people say who the master is.</summary>
    public static MembershipModule? Create(HostServices host) => host.Settings.Current.Group is { } group ? new MembershipModule(host, group) : null;
}
