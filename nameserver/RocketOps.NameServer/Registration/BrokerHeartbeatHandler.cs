using RocketOps.NameServer.Handling;
using RocketOps.NameServer.Routing;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.NameServer.Registration;

/// <summary>BROKER_HEARTBEAT (904): a sign of life between registrations; an unknown broker is answered success too.</summary>
internal sealed class BrokerHeartbeatHandler(RouteTable routes) : NameServerHandler
{
    protected override RemotingCommand Handle(RemotingConnection connection, RemotingCommand request)
    {
        routes.Touch(request.GetRequired("clusterName"), request.GetRequired("brokerAddr"));
        return Success(request);
    }
}
