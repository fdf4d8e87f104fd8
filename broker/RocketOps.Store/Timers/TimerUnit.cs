using System.Buffers.Binary;

namespace RocketOps.Store.Timers;

/// <summary>
/// One unit of the timer log: a message that waits, linked to the one that was added to its slot before. Layout, big-endian: size (52), previous position, magic, time of
/// adding, delay from then on, commit-log offset, record size, hash of the topic, 8 bytes reserved. Source: store.md §3.7, apache/rocketmq TimerLog and
/// TimerMessageStore.doEnqueue of 5.5.0.
/// </summary>
/// <param name="Previous">Position of the unit before it in its slot, −1 for none.</param>
/// <param name="Magic"><see cref="Default"/>, with <see cref="Roll"/> and <see cref="Delete"/>.</param>
/// <param name="AddedMs">When it was added, in milliseconds since 1970, rounded down to the precision.</param>
/// <param name="DelayMs">From then until its slot's time.</param>
/// <param name="Offset">Where the record lies in the commit log.</param>
/// <param name="RecordBytes">The record's size.</param>
/// <param name="TopicHash">Java's hash of the topic the message is meant for.</param>
public readonly record struct TimerUnit(long Previous, int Magic, long AddedMs, int DelayMs, long Offset, int RecordBytes, int TopicHash)
{
    /// <summary>Bytes of a unit.</summary>
    public const int Size = 52;

    /// <summary>Magic of every unit.</summary>
    public const int Default = 1;

    /// <summary>The slot is a stop on the way: the message goes into the timer topic again from there.</summary>
    public const int Roll = 2;

    /// <summary>Deletes another message of its slot.</summary>
    public const int Delete = 4;

    /// <summary>The time of the slot it belongs to.</summary>
    public long SlotMs => AddedMs + DelayMs;

    public bool IsRoll => (Magic & Roll) != 0;

    /// <summary>A deletion that is in the slot of the message it is about; one that rolls is no deletion yet.</summary>
    public bool IsDelete => (Magic & (Delete | Roll)) == Delete;

    /// <summary>Reads a unit; false when the bytes are none, such as the filling at a file's end and what was never written.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out TimerUnit unit)
    {
        unit = default;
        if (bytes.Length < Size || BinaryPrimitives.ReadInt32BigEndian(bytes) != Size)
        {
            return false;
        }

        unit = new TimerUnit(
            BinaryPrimitives.ReadInt64BigEndian(bytes[4..]),
            BinaryPrimitives.ReadInt32BigEndian(bytes[12..]),
            BinaryPrimitives.ReadInt64BigEndian(bytes[16..]),
            BinaryPrimitives.ReadInt32BigEndian(bytes[24..]),
            BinaryPrimitives.ReadInt64BigEndian(bytes[28..]),
            BinaryPrimitives.ReadInt32BigEndian(bytes[36..]),
            BinaryPrimitives.ReadInt32BigEndian(bytes[40..]));
        return (unit.Magic & ~0xF) == 0 && unit is { Previous: >= -1, AddedMs: >= 0, Offset: >= 0, RecordBytes: > 0 } && unit.SlotMs >= 0;
    }

    /// <summary>Writes <see cref="Size"/> bytes.</summary>
    public void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteInt32BigEndian(bytes, Size);
        BinaryPrimitives.WriteInt64BigEndian(bytes[4..], Previous);
        BinaryPrimitives.WriteInt32BigEndian(bytes[12..], Magic);
        BinaryPrimitives.WriteInt64BigEndian(bytes[16..], AddedMs);
        BinaryPrimitives.WriteInt32BigEndian(bytes[24..], DelayMs);
        BinaryPrimitives.WriteInt64BigEndian(bytes[28..], Offset);
        BinaryPrimitives.WriteInt32BigEndian(bytes[36..], RecordBytes);
        BinaryPrimitives.WriteInt32BigEndian(bytes[40..], TopicHash);
        BinaryPrimitives.WriteInt64BigEndian(bytes[44..], 0);
    }
}
