using RocketOps.Protocol.Framing;
using RocketOps.Protocol.Headers;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Replies;

/// <summary>Part of its remoting request that a reply must know.</summary>
internal readonly record struct ReplyTo(RemotingConnection Connection, SerializeType SerializeType, int Opaque)
{
    public static ReplyTo Of(in RequestFrame frame, RemotingConnection connection) => new(connection, frame.SerializeType, frame.Opaque);
}
