using System.Text;
using RocketOps.Hosting.Properties;
using RocketOps.NameServer.Handling;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.NameServer.Configuration;

/// <summary>GET_NAMESRV_CONFIG (319).</summary>
internal sealed class GetConfigurationHandler(NameServerConfiguration configuration) : NameServerHandler
{
    protected override RemotingCommand Handle(RemotingConnection connection, RemotingCommand request) =>
        Success(request, Encoding.UTF8.GetBytes(JavaPropertiesWriter.Write(configuration.Current.Enumerate())));
}
