using System.Text.Json.Serialization;
using RocketOps.Protocol.Names;

namespace RocketOps.Operator.Entities;

/// <summary>Rights of clients on the queues of a topic. The numbers are RocketMQ's permission bits (read 4, write 2).</summary>
[JsonConverter(typeof(JsonStringEnumConverter<TopicPermission>))]
public enum TopicPermission
{
    /// <summary>Producers may send, consumers receive nothing.</summary>
    Write = PermissionBits.Write,

    /// <summary>Consumers may receive what is there, producers are refused.</summary>
    Read = PermissionBits.Read,

    /// <summary>Both.</summary>
    ReadWrite = PermissionBits.ReadWrite,
}
