using RocketOps.Broker.Failover;
using RocketOps.Broker.Handlers.Failover;
using RocketOps.Broker.Replication;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Hosting.Modules;

/// <summary>Group that elects its master: this member of it, and the requests of the other members.</summary>
internal sealed class FailoverModule : IBrokerModule
{
    private readonly HostServices _host;
    private readonly ClientModule _clients;
    private readonly MasterRouting _routing;

    public FailoverModule(
        HostServices host, TopicModule topics, OffsetModule offsets, ClientModule clients, ReplicationModule replication,
            RoleModule roles, MasterRouting routing, MembershipModule? membership)
    {
        _host = host;
        _clients = clients;
        _routing = routing;
        if (membership is null)
        {
            return;
        }

        MasterChange change = new(
            roles.Roles,
            topics.Recovery,
            offsets.Recovery,
            replication.Master,
            new ClientsOfMaster(routing.Misled, clients.Producers, clients.Consumers));
        MemberFiles files = new(host.Files, host.Settings.Current.StoreRoot);
        Member = new FailoverMember(
            host.Settings, host.Store, membership.Loop, membership.Door, replication.Listener, change, files, host.Resolver, host.Loggers, host.Time);
    }

    /// <summary>Null where people say who the master is.</summary>
    public FailoverMember? Member { get; }

    public void AddCodes(RequestHandlerRegistry registry, MasterRouting routing)
    {
        registry.Add(RequestCode.HandOverMaster, new HandOverHandler(_host.Settings, Member));
        if (Member is not { } member || _clients.Awaited is not { } awaited)
        {
            return;
        }

        MembersOnlyHandler join = OfMembers(new JoinMasterHandler(member));
        registry
            .Add(GroupRequests.AskMember, OfMembers(new AskMemberHandler(_host.Settings, member)))
            .Add(GroupRequests.JoinMaster, join)
            .Add(GroupRequests.LeaveMaster, join)
            .Add(GroupRequests.GetGroupConsumers, routing.ToFollowers(OfMembers(new GroupConsumersHandler(_clients.Consumers, awaited))));

        MembersOnlyHandler OfMembers(AsyncRequestHandler handler) => new(_host.Settings, member, handler);
    }

    /// <summary>Hands over if it leads, and goes on for those who have not heard of it.</summary>
    public async ValueTask LeaveAsync()
    {
        if (Member is not { } member)
        {
            return;
        }

        await member.LeaveAsync();
        if (member.Standing.SinceLed is not null)
        {
            await new Farewell(member.Standing, _routing.Misled, _host.Options<FailoverOptions>(), _host.Address, _clients.Producers, _clients.Askers, _host.Time).WaitAsync();

            // It has followed the new master meanwhile, which may count on it.
            await member.LeaveAsync();
        }
    }
}
