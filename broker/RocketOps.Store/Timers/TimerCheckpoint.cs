using System.Buffers.Binary;

namespace RocketOps.Store.Timers;

/// <summary>
/// Progress of the timers, as <c>config/timercheck</c> holds it: seven numbers of RocketMQ's in 56 bytes of 4096. Behind them, from byte 64
/// on, this project repeats what it wrote and adds how much of a slot is delivered: where both agree nobody else has written since; and,
/// from byte 104 on, what holds with a shorter log; from byte 152 on, which wheel belongs to it. Source: store.md §3.7, apache/rocketmq TimerCheckpoint of 5.5.0.
/// </summary>
/// <param name="ReadMs">Slots before it are delivered, milliseconds since 1970.</param>
/// <param name="LogPosition">The timer log is on the disk up to there.</param>
/// <param name="QueueOffset">The timer topic's messages before it are in the timer log, or delivered.</param>
/// <param name="DeliveredOfSlot">Units of the slot at <see cref="ReadMs"/> that are delivered, the oldest first.</param>
/// <param name="Counter">Counter of RocketMQ's data version.</param>
/// <param name="TimestampMs">Timestamp of RocketMQ's data version.</param>
/// <param name="IsOwn">Written by this project; otherwise by RocketMQ, whose log may be further than the position says, and must be read on.</param>
public sealed record TimerCheckpoint(long ReadMs, long LogPosition, long QueueOffset, long DeliveredOfSlot, long Counter, long TimestampMs, bool IsOwn)
{
    /// <summary>Bytes of the file.</summary>
    public const int FileBytes = 4096;

    /// <summary>Bytes that mean something.</summary>
    public const int UsedBytes = 184;

    /// <summary>Bytes that RocketMQ reads and GET_TIMER_CHECK_POINT answers.</summary>
    public const int RocketMqBytes = 56;

    private const int OwnAt = 64;
    private const long OwnMagic = 0x524F_5053_5449_4D45;
    private const int UnkeptAt = 104;
    private const long UnkeptMagic = 0x524F_5053_554E_4B50;
    private const int WheelAt = 152;
    private const long WheelMagic = 0x524F_5053_5748_4545;

    /// <summary>Bytes of a file that knows nothing of the wheel.</summary>
    private const int BytesWithoutWheel = WheelAt;

    /// <summary>The timer topic's messages before it were in the master's timer log, or delivered, when it called <see cref="ReadMs"/> delivered; the master's own is <see cref="QueueOffset"/>.</summary>
    public long MasterQueueOffset { get; init; } = QueueOffset;

    /// <summary>
    /// Progress that holds when the log has come to end before something this checkpoint rests on; null when all of that is certain to
    /// stay.
    /// </summary>
    public TimerUnkept? Unkept { get; init; }

    /// <summary><see cref="TimerIndex.ComputeWheelMark"/> of the wheel that belongs to this checkpoint; null when it is not known.</summary>
    public long? WheelMark { get; init; }

    /// <summary>Reads the file's content; null when it is none.</summary>
    public static TimerCheckpoint? Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < RocketMqBytes)
        {
            return null;
        }

        long read = Int64(bytes, 0);
        long position = Int64(bytes, 8);
        long queueOffset = Int64(bytes, 16);
        if (read < 0 || position < 0 || queueOffset < 0)
        {
            return null;
        }

        bool isOwn = bytes.Length >= BytesWithoutWheel && Int64(bytes, OwnAt) == OwnMagic && Int64(bytes, OwnAt + 8) == read && Int64(bytes, OwnAt + 16) == position && Int64(bytes, OwnAt + 24) == queueOffset;
        return new TimerCheckpoint(read, position, queueOffset, isOwn ? Math.Max(0, Int64(bytes, OwnAt + 32)) : 0, Int64(bytes, 48), Int64(bytes, 40), isOwn)
        {
            MasterQueueOffset = Math.Max(0, Int64(bytes, 24)),
            Unkept = bytes.Length >= BytesWithoutWheel && Int64(bytes, UnkeptAt) == UnkeptMagic && Int64(bytes, UnkeptAt + 8) == read ? ReadUnkept(bytes[(UnkeptAt + 16)..]) : null,
            WheelMark = isOwn && bytes.Length >= UsedBytes
                && Int64(bytes, WheelAt) == WheelMagic && Int64(bytes, WheelAt + 8) == read && Int64(bytes, WheelAt + 16) == position
                ? Int64(bytes, WheelAt + 24)
                : null,
        };
    }

    /// <summary>Writes <see cref="UsedBytes"/> bytes.</summary>
    public void Write(Span<byte> bytes)
    {
        bytes[..UsedBytes].Clear();
        BinaryPrimitives.WriteInt64BigEndian(bytes, ReadMs);
        BinaryPrimitives.WriteInt64BigEndian(bytes[8..], LogPosition);
        BinaryPrimitives.WriteInt64BigEndian(bytes[16..], QueueOffset);
        BinaryPrimitives.WriteInt64BigEndian(bytes[24..], MasterQueueOffset);
        BinaryPrimitives.WriteInt64BigEndian(bytes[40..], TimestampMs);
        BinaryPrimitives.WriteInt64BigEndian(bytes[48..], Counter);
        if (Unkept is { } unkept)
        {
            BinaryPrimitives.WriteInt64BigEndian(bytes[UnkeptAt..], UnkeptMagic);
            BinaryPrimitives.WriteInt64BigEndian(bytes[(UnkeptAt + 8)..], ReadMs);
            BinaryPrimitives.WriteInt64BigEndian(bytes[(UnkeptAt + 16)..], unkept.RestsOn);
            BinaryPrimitives.WriteInt64BigEndian(bytes[(UnkeptAt + 24)..], unkept.ReadMs);
            BinaryPrimitives.WriteInt64BigEndian(bytes[(UnkeptAt + 32)..], unkept.QueueOffset);
            BinaryPrimitives.WriteInt64BigEndian(bytes[(UnkeptAt + 40)..], unkept.MasterQueueOffset);
        }

        if (!IsOwn)
        {
            // The files behind it are as RocketMQ left them, and are to be read so.
            return;
        }

        if (WheelMark is { } mark)
        {
            BinaryPrimitives.WriteInt64BigEndian(bytes[WheelAt..], WheelMagic);
            BinaryPrimitives.WriteInt64BigEndian(bytes[(WheelAt + 8)..], ReadMs);
            BinaryPrimitives.WriteInt64BigEndian(bytes[(WheelAt + 16)..], LogPosition);
            BinaryPrimitives.WriteInt64BigEndian(bytes[(WheelAt + 24)..], mark);
        }

        BinaryPrimitives.WriteInt64BigEndian(bytes[OwnAt..], OwnMagic);
        BinaryPrimitives.WriteInt64BigEndian(bytes[(OwnAt + 8)..], ReadMs);
        BinaryPrimitives.WriteInt64BigEndian(bytes[(OwnAt + 16)..], LogPosition);
        BinaryPrimitives.WriteInt64BigEndian(bytes[(OwnAt + 24)..], QueueOffset);
        BinaryPrimitives.WriteInt64BigEndian(bytes[(OwnAt + 32)..], DeliveredOfSlot);
    }

    private static TimerUnkept ReadUnkept(ReadOnlySpan<byte> bytes) => new(Math.Max(0, Int64(bytes, 0)), Math.Max(0, Int64(bytes, 8)), Math.Max(0, Int64(bytes, 16)), Math.Max(0, Int64(bytes, 24)));

    private static long Int64(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadInt64BigEndian(bytes[at..]);
}

/// <summary>
/// Progress of the timers that is certain: a member that led or followed may lose what it calls delivered beyond that, when the next master
/// has other messages there.
/// </summary>
/// <param name="RestsOn">End, in the log, of all that the rest of the checkpoint rests on: with a log that was cut before it, only this here holds.</param>
/// <param name="ReadMs">As <see cref="TimerCheckpoint.ReadMs"/>.</param>
/// <param name="QueueOffset">As <see cref="TimerCheckpoint.QueueOffset"/>.</param>
/// <param name="MasterQueueOffset">As <see cref="TimerCheckpoint.MasterQueueOffset"/>.</param>
public sealed record TimerUnkept(long RestsOn, long ReadMs, long QueueOffset, long MasterQueueOffset);
