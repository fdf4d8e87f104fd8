using System.Buffers.Binary;
using RocketOps.Broker.Replication;

namespace RocketOps.Broker.Failover;

/// <summary>The first bytes of a follower's connection to the replication port of its elected master; see <see cref="GroupRequests"/>.</summary>
internal static class FollowerHello
{
    public const int Bytes = 16;

    private static ReadOnlySpan<byte> Sign => [0xFF, (byte)'R', (byte)'O', (byte)'G', (byte)'R', (byte)'P', (byte)'0', (byte)'1'];

    public static byte[] Write(long ticket)
    {
        byte[] bytes = new byte[Bytes];
        Sign.CopyTo(bytes);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(Sign.Length), ticket);
        return bytes;
    }

    /// <summary>Null for anything else, as the first report of a slave of RocketMQ's.</summary>
    public static long? Read(ReadOnlySpan<byte> bytes) => bytes.StartsWith(Sign) ? BinaryPrimitives.ReadInt64BigEndian(bytes[Sign.Length..]) : null;
}
