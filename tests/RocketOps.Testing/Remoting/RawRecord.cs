using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace RocketOps.Testing.Remoting;

/// <summary>Every field of a message as a broker hands it out, decoded by the tests' own few lines.</summary>
public sealed record RawRecord
{
    // Stored message (remoting.md §4). All integers big-endian; hosts have 4 address bytes here, as all brokers under test listen on 127.0.0.1.
    //   off  size  field                      off  size  field
    //   0    4     totalSize                  40   8     bornTimestamp
    //   4    4     magic                      48   8     bornHost
    //   8    4     bodyCrc                    56   8     storeTimestamp
    //   12   4     queueId                    64   8     storeHost
    //   16   4     flag                       72   4     reconsumeTimes
    //   20   8     queueOffset                76   8     preparedTransactionOffset
    //   28   8     physicalOffset             84   4     bodyLength
    //   36   4     sysFlag                    88   n     body
    //   88+n 1     topicLength, topic; then 2 propertiesLength, properties: name 0x01 value 0x02 …
    private const int BodyAt = 88;
    private const int MagicV1 = unchecked((int)0xDAA3_20A7);

    public required string Topic { get; init; }

    public required int BodyCrc { get; init; }

    public required int QueueId { get; init; }

    public required int Flag { get; init; }

    public required long QueueOffset { get; init; }

    public required long PhysicalOffset { get; init; }

    public required int SysFlag { get; init; }

    public required long BornTimestamp { get; init; }

    public required IPEndPoint BornHost { get; init; }

    public required long StoreTimestamp { get; init; }

    public required IPEndPoint StoreHost { get; init; }

    public required int ReconsumeTimes { get; init; }

    public required long PreparedTransactionOffset { get; init; }

    public required ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>In the order in which they are stored; a name that stands there twice is twice here.</summary>
    public required IReadOnlyList<KeyValuePair<string, string>> Properties { get; init; }

    /// <summary>The id by which any client of RocketMQ asks for the record: store host and physical offset.</summary>
    public string OffsetMessageId =>
        $"{Convert.ToHexString(StoreHost.Address.GetAddressBytes())}{StoreHost.Port:X8}{PhysicalOffset:X16}";

    /// <summary>The messages of one pull answer's body, one after the other.</summary>
    public static IReadOnlyList<RawRecord> DecodeAll(ReadOnlyMemory<byte> messages)
    {
        List<RawRecord> decoded = [];
        while (!messages.IsEmpty)
        {
            int size = BinaryPrimitives.ReadInt32BigEndian(messages.Span);
            if (size < BodyAt || size > messages.Length)
            {
                throw new InvalidDataException($"a message of {size} bytes in {messages.Length}");
            }

            decoded.Add(Decode(messages[..size]));
            messages = messages[size..];
        }

        return decoded;
    }

    /// <summary>One message.</summary>
    public static RawRecord Decode(ReadOnlyMemory<byte> message)
    {
        ReadOnlySpan<byte> span = message.Span;
        int magic = BinaryPrimitives.ReadInt32BigEndian(span[4..]);
        if (magic != MagicV1)
        {
            throw new InvalidDataException($"magic {magic:X8}");
        }

        int bodyLength = BinaryPrimitives.ReadInt32BigEndian(span[84..]);
        int topicAt = BodyAt + bodyLength + 1;
        int topicLength = span[topicAt - 1];
        int propertiesAt = topicAt + topicLength + 2;
        int propertiesLength = BinaryPrimitives.ReadInt16BigEndian(span[(propertiesAt - 2)..]);
        return new RawRecord
        {
            BodyCrc = BinaryPrimitives.ReadInt32BigEndian(span[8..]),
            QueueId = BinaryPrimitives.ReadInt32BigEndian(span[12..]),
            Flag = BinaryPrimitives.ReadInt32BigEndian(span[16..]),
            QueueOffset = BinaryPrimitives.ReadInt64BigEndian(span[20..]),
            PhysicalOffset = BinaryPrimitives.ReadInt64BigEndian(span[28..]),
            SysFlag = BinaryPrimitives.ReadInt32BigEndian(span[36..]),
            BornTimestamp = BinaryPrimitives.ReadInt64BigEndian(span[40..]),
            BornHost = Host(span[48..]),
            StoreTimestamp = BinaryPrimitives.ReadInt64BigEndian(span[56..]),
            StoreHost = Host(span[64..]),
            ReconsumeTimes = BinaryPrimitives.ReadInt32BigEndian(span[72..]),
            PreparedTransactionOffset = BinaryPrimitives.ReadInt64BigEndian(span[76..]),
            Body = message.Slice(BodyAt, bodyLength),
            Topic = Encoding.UTF8.GetString(span.Slice(topicAt, topicLength)),
            Properties = ReadProperties(Encoding.UTF8.GetString(span.Slice(propertiesAt, propertiesLength))),
        };
    }

    private static IPEndPoint Host(ReadOnlySpan<byte> span) => new(new IPAddress(span[..4]), BinaryPrimitives.ReadInt32BigEndian(span[4..]));

    private static List<KeyValuePair<string, string>> ReadProperties(string text) =>
    [
        .. text.Split('\u0002', StringSplitOptions.RemoveEmptyEntries).Select(static pair => pair.Split('\u0001', 2)).Select(static pair => KeyValuePair.Create(pair[0], pair[1])),
    ];
}
