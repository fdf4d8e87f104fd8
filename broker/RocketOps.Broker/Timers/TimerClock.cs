using System.Buffers.Text;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Replies;
using RocketOps.Broker.Sending;

namespace RocketOps.Broker.Timers;

/// <summary>Which slot a message that asks for a time belongs to. Source: remoting.md §5.2, apache/rocketmq HookUtils of 5.5.0.</summary>
internal static class TimerClock
{
    /// <summary>The time the message asks for, in milliseconds since 1970; false when the text is no number that can be one.</summary>
    public static bool TryGetDue(TimerUnitOfTime unit, ReadOnlySpan<byte> text, long nowMs, out long dueMs)
    {
        dueMs = 0;
        if (!Utf8Parser.TryParse(text, out long number, out int used) || used != text.Length)
        {
            return false;
        }

        switch (unit)
        {
            case TimerUnitOfTime.DeliverMs:
                dueMs = number;
                return true;
            case TimerUnitOfTime.DelaySeconds when number is > long.MaxValue / 1000 or < long.MinValue / 1000:
                return false;
            case TimerUnitOfTime.DelaySeconds:
                number *= 1000;
                break;
            default:
                break;
        }

        if (number > long.MaxValue - nowMs)
        {
            return false;
        }

        dueMs = nowMs + number;
        return true;
    }

    /// <summary>
    /// Decides about a message that is due at a time: stored as any other when that is past; otherwise it waits in the slot whose time is
    /// given back.
    /// </summary>
    public static SendStatus Decide(long dueMs, long nowMs, bool deletes, TimerOptions options, out long slotMs)
    {
        slotMs = 0;
        if (dueMs <= nowMs)
        {
            return deletes ? SendStatus.TimerIllegal : SendStatus.Stored;
        }

        if (dueMs - nowMs > options.TimerMaxDelayMs)
        {
            return SendStatus.TimerIllegal;
        }

        slotMs = SlotOf(dueMs, options.TimerPrecisionMs);
        return SendStatus.Stored;
    }

    /// <summary>The slot that is delivered once its step is over: never before the due time, and at most a step after it.</summary>
    public static long SlotOf(long dueMs, int precisionMs) => (dueMs - 1) / precisionMs * precisionMs;

    /// <summary>The slot a message goes into that is taken at a time: its own, or one on the way when that is far. As TimerMessageStore.doEnqueue of 5.5.0.</summary>
    /// <param name="slotMs">The message's own.</param>
    /// <param name="takenMs">When it is taken.</param>
    /// <param name="precisionMs">Milliseconds of a slot.</param>
    /// <param name="windowSlots">Slots from which on it is far.</param>
    /// <param name="rolls">Whether it is one on the way.</param>
    public static long StopOf(long slotMs, long takenMs, int precisionMs, int windowSlots, out bool rolls)
    {
        long slots = windowSlots;
        long window = slots * precisionMs;
        rolls = slotMs - takenMs >= window;
        if (!rolls)
        {
            return slotMs;
        }

        // A short rest behind a whole window would be rolled once more at once: half the way first.
        return slotMs - takenMs - window < slots / 3 * precisionMs ? takenMs + (slots / 2 * precisionMs) : takenMs + window;
    }
}
