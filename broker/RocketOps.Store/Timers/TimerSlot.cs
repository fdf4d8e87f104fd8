using System.Buffers.Binary;

namespace RocketOps.Store.Timers;

/// <summary>
/// One slot of the timer wheel: the messages that are due within one step of time, as a chain through the timer log. Layout, big-endian: time / precision, first position,
/// last position (8 bytes each), count, magic (4 each). Source: store.md §3.7, apache/rocketmq Slot and TimerWheel of 5.5.0.
/// </summary>
/// <param name="TimeMs">Beginning of the step in milliseconds since 1970, a multiple of the precision; −1 for a slot of no time.</param>
/// <param name="First">Position of the oldest unit in the timer log, −1 for none.</param>
/// <param name="Last">Position of the newest unit, −1 for none.</param>
/// <param name="Count">Messages that wait, minus deletions.</param>
/// <param name="Magic">Kept as it is; RocketMQ writes 0.</param>
public readonly record struct TimerSlot(long TimeMs, long First, long Last, int Count, int Magic)
{
    /// <summary>Bytes of a slot.</summary>
    public const int Size = 32;

    /// <summary>The slot of a time for which nothing waits.</summary>
    public static TimerSlot Empty(long timeMs) => new(timeMs, -1, -1, 0, 0);

    /// <summary>Reads what any bytes claim; nothing of it is checked.</summary>
    public static TimerSlot Read(ReadOnlySpan<byte> bytes, int precisionMs) => new(
        unchecked(BinaryPrimitives.ReadInt64BigEndian(bytes) * precisionMs),
        BinaryPrimitives.ReadInt64BigEndian(bytes[8..]),
        BinaryPrimitives.ReadInt64BigEndian(bytes[16..]),
        BinaryPrimitives.ReadInt32BigEndian(bytes[24..]),
        BinaryPrimitives.ReadInt32BigEndian(bytes[28..]));

    /// <summary>Writes <see cref="Size"/> bytes.</summary>
    public void Write(Span<byte> bytes, int precisionMs)
    {
        BinaryPrimitives.WriteInt64BigEndian(bytes, TimeMs / precisionMs);
        BinaryPrimitives.WriteInt64BigEndian(bytes[8..], First);
        BinaryPrimitives.WriteInt64BigEndian(bytes[16..], Last);
        BinaryPrimitives.WriteInt32BigEndian(bytes[24..], Count);
        BinaryPrimitives.WriteInt32BigEndian(bytes[28..], Magic);
    }
}
