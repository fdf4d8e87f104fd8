using RocketOps.Broker.Clients;
using RocketOps.Broker.Groups;
using RocketOps.Broker.Handlers.Groups;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Hosting.Modules;

/// <summary>Consumer groups: their table, and who makes those that clients name.</summary>
internal sealed class GroupModule : IBrokerModule
{
    private readonly HostServices _host;

    public GroupModule(HostServices host)
    {
        _host = host;
        Groups = new GroupTable(host.Settings, host.Options<GroupTableOptions>(), host.Files, host.Time);
        Maker = new GroupMaker(host.Options<ClientTableOptions>(), Groups, host.Refused, host.LoggerOf<GroupMaker>());
    }

    public GroupTable Groups { get; }

    public GroupMaker Maker { get; }

    public void AddCodes(RequestHandlerRegistry registry, MasterRouting routing) => registry
        .Add(RequestCode.UpdateAndCreateSubscriptionGroup, new UpdateGroupHandler(_host.Role, Groups))
        .Add(RequestCode.UpdateAndCreateSubscriptionGroupList, new UpdateGroupListHandler(_host.Role, Groups))
        .Add(RequestCode.GetAllSubscriptionGroupConfig, routing.ToFollowers(new AllGroupsHandler(Groups)))
        .Add(RequestCode.GetSubscriptionGroupConfig, new GetGroupHandler(Groups))
        .Add(RequestCode.UpdateAndGetGroupForbidden, new GroupForbiddenHandler(_host.Role, Groups));
}
