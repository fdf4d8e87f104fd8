using RocketOps.Broker.Configuration;
using RocketOps.Broker.Failover;
using RocketOps.Broker.Handlers.Failover;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Hosting.Modules;

/// <summary>Way of requests to the master of a group that elects it; where people say who the master is, requests stay here.</summary>
internal sealed class MasterRouting
{
    private readonly MemberStanding? _standing;

    public MasterRouting(HostServices host, ClientModule clients, PullModule pulls, MembershipModule? membership)
    {
        _standing = membership?.Standing;
        Misled = new MisledClients(host.Address, pulls.Parked, clients.Askers, host.Time);
        Forwarder = _standing is null ? null : new MasterForwarder(host.Settings, host.Options<ReplicationOptions>(), _standing, host.Client, Misled, host.Time);
    }

    /// <summary>Clients that ask the wrong member.</summary>
    public MisledClients Misled { get; }

    /// <summary>Passes on what comes to a member that does not lead; null where nobody is elected.</summary>
    public MasterForwarder? Forwarder { get; }

    /// <summary>Handler that only a master's tables can answer: elsewhere the request is passed on.</summary>
    public IRequestHandler OfMaster(IRequestHandler handler, bool asksOnly = false) => Forwarder is null ? handler : new MasterOnlyHandler(handler, Forwarder, asksOnly);

    /// <summary>Handler that answers followers of another epoch with a refusal.</summary>
    public IRequestHandler ToFollowers(IRequestHandler handler) => _standing is null ? handler : new FollowedMasterHandler(_standing, handler);
}
