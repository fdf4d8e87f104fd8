using System.Buffers.Binary;

namespace RocketOps.Broker.Replication.Frames;

/// <summary>
/// The two frames of RocketMQ's replication, which 4.9 and 5.x share. One connection, made by the slave; no handshake. All integers big-endian. Source: store.md §7.1.
/// <code>
/// slave → master                        master → slave
///   off  size  field                      off  size  field
///   0    8     end of the slave's log     0    8     offset of the body in the log
///                                         8    4     bodySize, 0: a sign of life
///                                         12   n     bytes of the log
/// </code>
/// In a group that elects its master a frame of 12 bytes with the bodySize −1 says that all copies in sync have the log up to its offset, and that the master serves: one that has lost its lease, and lacks a copy, sends none.
/// </summary>
internal static class HaFrames
{
    public const int ReportBytes = 8;

    public const int HeaderBytes = 12;

    /// <summary>Instead of a body's length: the offset is how far the log is replicated.</summary>
    public const int ReplicatedMark = -1;

    /// <summary>Largest body, of ours and of others: a slave of Apache's has a buffer of so many bytes, so no master can send more.</summary>
    public const int MaxBodyBytes = 4 * 1024 * 1024 - HeaderBytes;

    public static void WriteReport(Span<byte> destination, long offset) => BinaryPrimitives.WriteInt64BigEndian(destination, offset);

    public static long ReadReport(ReadOnlySpan<byte> source) => BinaryPrimitives.ReadInt64BigEndian(source);

    public static void WriteHeader(Span<byte> destination, long offset, int bodyBytes)
    {
        BinaryPrimitives.WriteInt64BigEndian(destination, offset);
        BinaryPrimitives.WriteInt32BigEndian(destination[8..], bodyBytes);
    }

    public static (long Offset, int BodyBytes) ReadHeader(ReadOnlySpan<byte> source) =>
        (BinaryPrimitives.ReadInt64BigEndian(source), BinaryPrimitives.ReadInt32BigEndian(source[8..]));
}
