using System.Buffers.Text;

namespace RocketOps.Broker.Timers;

/// <summary>
/// Properties of a message that the timers read and write. A delivered message keeps what it had, and says when it was taken and when it
/// was given back. Source: remoting.md §5.2, apache/rocketmq TimerMessageStore.convert of 5.5.0.
/// </summary>
internal static class TimerProperties
{
    /// <summary>Bytes that <see cref="Write"/> adds at most.</summary>
    public const int MaxAddedBytes = 128;

    /// <summary>Time of taking that RocketMQ notes when a message was due already.</summary>
    public const long TakenTooLate = long.MaxValue;

    /// <summary>Reads what concerns timers, in one pass.</summary>
    public static Found Read(ReadOnlySpan<byte> properties)
    {
        Found found = new() { SlotMs = -1 };
        PropertyReader reader = new(properties);
        while (reader.TryRead(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
        {
            switch (name.Length)
            {
                case 8 when name.SequenceEqual(PropertyNames.Utf8.UniqKey):
                    found.UniqKey = value;
                    break;
                case 10 when name.SequenceEqual(PropertyNames.Utf8.RealTopic):
                    found.Topic = value;
                    break;
                case 12 when name.SequenceEqual(PropertyNames.Utf8.TimerOutMs):
                    found.SlotMs = Utf8Parser.TryParse(value, out long slot, out int used) && used == value.Length && slot >= 0 ? slot : -1;
                    break;
                case 16 when name.SequenceEqual(PropertyNames.Utf8.TimerRollTimes):
                    found.Rolls = Utf8Parser.TryParse(value, out int rolls, out int rollsUsed) && rollsUsed == value.Length ? rolls : 0;
                    break;
                case 17 when name.SequenceEqual(PropertyNames.Utf8.TimerDeleteUniqKey):
                    found.DeletedKey = value;
                    break;
                default:
                    break;
            }
        }

        return found;
    }

    /// <summary>The properties of a message that leaves its slot; the length. <paramref name="destination"/> has room for <see cref="MaxAddedBytes"/> more than there are.</summary>
    /// <param name="properties">Properties as they are stored.</param>
    /// <param name="takenMs">When the message was put into its slot.</param>
    /// <param name="rolls">0, or how often it has been stored anew on its way with this time.</param>
    /// <param name="nowMs">The time.</param>
    /// <param name="destination">Receives them.</param>
    public static int Write(ReadOnlySpan<byte> properties, long takenMs, int rolls, long nowMs, Span<byte> destination)
    {
        int length = 0;
        PropertyReader reader = new(properties);
        while (reader.TryRead(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
        {
            bool isReplaced = name.SequenceEqual(PropertyNames.Utf8.TimerEnqueueMs)
                || name.SequenceEqual(PropertyNames.Utf8.TimerDequeueMs)
                || (rolls > 0 && name.SequenceEqual(PropertyNames.Utf8.TimerRollTimes));
            if (!isReplaced)
            {
                name.CopyTo(destination[length..]);
                length += name.Length;
                destination[length++] = PropertyReader.NameEnd;
                value.CopyTo(destination[length..]);
                length += value.Length;
                destination[length++] = PropertyReader.PropertyEnd;
            }
        }

        length = Put(destination, length, PropertyNames.Utf8.TimerEnqueueMs, takenMs);
        if (rolls > 0)
        {
            length = Put(destination, length, PropertyNames.Utf8.TimerRollTimes, rolls);
        }

        return Put(destination, length, PropertyNames.Utf8.TimerDequeueMs, nowMs);
    }

    private static int Put(Span<byte> destination, int at, ReadOnlySpan<byte> name, long value)
    {
        name.CopyTo(destination[at..]);
        at += name.Length;
        destination[at++] = PropertyReader.NameEnd;
        Utf8Formatter.TryFormat(value, destination[at..], out int digits);
        at += digits;
        destination[at++] = PropertyReader.PropertyEnd;
        return at;
    }

    /// <summary>Properties that concern timers. Borrows from the properties.</summary>
    internal ref struct Found
    {
        /// <summary>The slot the message asks for, −1 when it says none.</summary>
        public long SlotMs;

        /// <summary>Number of times it has been stored anew on its way.</summary>
        public int Rolls;

        /// <summary>The topic it is meant for.</summary>
        public ReadOnlySpan<byte> Topic;

        public ReadOnlySpan<byte> UniqKey;

        /// <summary>The key of the message it deletes; empty when it is none of these.</summary>
        public ReadOnlySpan<byte> DeletedKey;
    }
}
