using System.Net;
using RocketOps.Protocol.Commands;

namespace RocketOps.Client.Producing.Requests;

/// <summary>A reply as a broker hands it on: ReplyMessageRequestHeader and the body as it was sent. Source: remoting.md §5.11.</summary>
internal static class PushedReply
{
    /// <summary>A reply lies in no queue that its requester reads.</summary>
    private const long NoOffset = -1;

    /// <summary>Throws <see cref="InvalidDataException"/> for a body that cannot be unpacked and <see cref="RemotingCommandException"/> for a field that is none.</summary>
    public static ReceivedMessage Read(RemotingCommand request, Dictionary<string, string> properties, int maxDecompressedBytes)
    {
        string topic = request.Get("topic") ?? string.Empty;
        int sysFlag = request.GetInt32("sysFlag", 0);
        ReadOnlyMemory<byte> body = (sysFlag & SysFlags.Compressed) != 0 ? BodyCompression.Decompress(request.Body, sysFlag, maxDecompressedBytes) : request.Body;
        return new ReceivedMessage
        {
            Topic = topic,
            Queue = new MessageQueue(topic, request.Get("bname") ?? string.Empty, request.GetInt32("queueId", 0)),
            QueueOffset = NoOffset,
            Body = body,
            Properties = properties,
            MessageId = properties.GetValueOrDefault(PropertyNames.UniqKey) ?? string.Empty,
            OffsetMessageId = string.Empty,
            CommitLogOffset = NoOffset,
            ReconsumeTimes = request.GetInt32("reconsumeTimes", 0),
            BornTime = ReceivedMessages.Time(request.GetInt64("bornTimestamp", 0)),
            StoreTime = ReceivedMessages.Time(request.GetInt64("storeTimestamp", 0)),
            BornHost = Host(request.Get("bornHost")),
            StoreHost = Host(request.Get("storeHost")),
            Flag = request.GetInt32("flag", 0),
        };
    }

    // Informative: a host that cannot be read is no reason to lose the reply.
    private static IPEndPoint Host(string? text) => IPEndPoint.TryParse(text ?? string.Empty, out IPEndPoint? host) ? host : new IPEndPoint(IPAddress.None, 0);
}
