using System.Buffers.Binary;

namespace RocketOps.Testing.Remoting;

/// <summary>A message as a broker hands it out, decoded by the tests' own few lines.</summary>
public sealed record RawMessage(int QueueId, long QueueOffset, long PhysicalOffset, ReadOnlyMemory<byte> Body)
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
    private const int BodyOffset = 88;
    private const int MagicV1 = unchecked((int)0xDAA3_20A7);

    /// <summary>The messages of one pull answer's body, one after the other.</summary>
    public static IReadOnlyList<RawMessage> DecodeAll(ReadOnlyMemory<byte> messages)
    {
        List<RawMessage> decoded = [];
        while (!messages.IsEmpty)
        {
            ReadOnlySpan<byte> span = messages.Span;
            int totalSize = BinaryPrimitives.ReadInt32BigEndian(span);
            int magic = BinaryPrimitives.ReadInt32BigEndian(span[4..]);
            if (magic != MagicV1 || totalSize < BodyOffset || totalSize > messages.Length)
            {
                throw new InvalidDataException($"magic {magic:X8}, size {totalSize} of {messages.Length} bytes");
            }

            int bodyLength = BinaryPrimitives.ReadInt32BigEndian(span[84..]);
            decoded.Add(new RawMessage(
                BinaryPrimitives.ReadInt32BigEndian(span[12..]),
                BinaryPrimitives.ReadInt64BigEndian(span[20..]),
                BinaryPrimitives.ReadInt64BigEndian(span[28..]),
                messages.Slice(BodyOffset, bodyLength)));
            messages = messages[totalSize..];
        }

        return decoded;
    }
}
