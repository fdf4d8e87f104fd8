using Microsoft.Extensions.Logging;
using RocketOps.NameServer.Configuration;
using RocketOps.NameServer.Handling;
using RocketOps.NameServer.KeyValues;
using RocketOps.NameServer.Registration;
using RocketOps.NameServer.Routing;
using RocketOps.NameServer.Routing.Handlers;
using RocketOps.NameServer.Topics;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.NameServer.Hosting;

/// <summary>The one list of request codes a name server answers (remoting.md §3.1).</summary>
internal static class NameServerHandlers
{
    public static RequestHandlerRegistry Create(RouteTable routes, ConflictTable conflicts, KeyValueStore keyValues, NameServerConfiguration configuration, ServiceStart start, ILogger logger) =>
        new RequestHandlerRegistry()
            .Add(RequestCode.PutKvConfig, new PutKeyValueHandler(keyValues))
            .Add(RequestCode.GetKvConfig, new GetKeyValueHandler(keyValues))
            .Add(RequestCode.DeleteKvConfig, new DeleteKeyValueHandler(keyValues))
            .Add(RequestCode.RegisterBroker, new RegisterBrokerHandler(routes, keyValues, configuration, logger))
            .Add(RequestCode.UnregisterBroker, new UnregisterBrokerHandler(routes, logger))
            .Add(RequestCode.GetRouteInfoByTopic, new GetRouteHandler(routes, keyValues, configuration, start))
            .Add(RequestCode.GetBrokerClusterInfo, new GetClusterInfoHandler(routes, conflicts))
            .Add(RequestCode.WipeWritePermOfBroker, new SetWritePermissionHandler(routes, writable: false, logger))
            .Add(RequestCode.GetAllTopicListFromNameServer, new GetAllTopicsHandler(routes, configuration))
            .Add(RequestCode.DeleteTopicInNameServer, new DeleteTopicInNameServerHandler(routes, logger))
            .Add(RequestCode.RegisterTopicInNameServer, new RegisterTopicHandler(routes))
            .Add(RequestCode.GetKvListByNamespace, new GetNamespaceHandler(keyValues))
            .Add(RequestCode.GetTopicsByCluster, new GetTopicsByClusterHandler(routes, configuration))
            .Add(RequestCode.GetSystemTopicListFromNameServer, new GetSystemTopicsHandler(routes))
            .Add(RequestCode.GetUnitTopicList, new GetUnitTopicsHandler(routes, configuration, static flag => (flag & QueueData.UnitFlag) != 0))
            .Add(RequestCode.GetHasUnitSubTopicList, new GetUnitTopicsHandler(routes, configuration, static flag => (flag & QueueData.UnitSubFlag) != 0))
            .Add(RequestCode.GetHasUnitSubUnUnitTopicList, new GetUnitTopicsHandler(routes, configuration, static flag => (flag & (QueueData.UnitFlag | QueueData.UnitSubFlag)) == QueueData.UnitSubFlag))
            .Add(RequestCode.UpdateNameServerConfig, new UpdateConfigurationHandler(configuration, logger))
            .Add(RequestCode.GetNameServerConfig, new GetConfigurationHandler(configuration))
            .Add(RequestCode.QueryDataVersion, new QueryDataVersionHandler(routes))
            .Add(RequestCode.AddWritePermOfBroker, new SetWritePermissionHandler(routes, writable: true, logger))
            .Add(RequestCode.GetBrokerMemberGroup, new GetBrokerMemberGroupHandler(routes))
            .Add(RequestCode.BrokerHeartbeat, new BrokerHeartbeatHandler(routes));
}
