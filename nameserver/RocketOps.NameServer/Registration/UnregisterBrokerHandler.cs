using Microsoft.Extensions.Logging;
using RocketOps.NameServer.Handling;
using RocketOps.NameServer.Routing;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.NameServer.Registration;

/// <summary>UNREGISTER_BROKER (104): a broker says that it stops.</summary>
internal sealed class UnregisterBrokerHandler(RouteTable routes, ILogger logger) : NameServerHandler
{
    protected override RemotingCommand Handle(RemotingConnection connection, RemotingCommand request)
    {
        string brokerName = request.GetRequired("brokerName");
        string address = request.GetRequired("brokerAddr");
        routes.Unregister(request.GetRequired("clusterName"), brokerName, address);
        NameServerLog.Unregistered(logger, brokerName, address);
        return Success(request);
    }
}
