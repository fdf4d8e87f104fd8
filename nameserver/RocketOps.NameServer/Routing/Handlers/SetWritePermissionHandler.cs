using Microsoft.Extensions.Logging;
using RocketOps.NameServer.Handling;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.NameServer.Routing.Handlers;

/// <summary>WIPE_WRITE_PERM_OF_BROKER (205) and ADD_WRITE_PERM_OF_BROKER (327): the same act in two directions.</summary>
internal sealed class SetWritePermissionHandler(RouteTable routes, bool writable, ILogger logger) : NameServerHandler
{
    protected override RemotingCommand Handle(RemotingConnection connection, RemotingCommand request)
    {
        string brokerName = request.GetRequired("brokerName");
        int touched = routes.SetWritePermission(brokerName, writable);
        NameServerLog.WritePermissionSet(logger, brokerName, writable, touched, connection.RemoteEndPoint);
        return Success(request).Set(writable ? "addTopicCount" : "wipeTopicCount", touched);
    }
}
