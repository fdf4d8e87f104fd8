using RocketOps.NameServer.Handling;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.NameServer.KeyValues;

/// <summary>GET_KV_CONFIG (101).</summary>
internal sealed class GetKeyValueHandler(KeyValueStore keyValues) : NameServerHandler
{
    protected override RemotingCommand Handle(RemotingConnection connection, RemotingCommand request)
    {
        string name = request.GetRequired("namespace");
        string key = request.GetRequired("key");
        return keyValues.Get(name, key) is { } value
            ? Success(request).Set("value", value)
            : throw new RemotingCommandException(ResponseCode.QueryNotFound, $"No config item, Namespace: {name} Key: {key}");
    }
}
