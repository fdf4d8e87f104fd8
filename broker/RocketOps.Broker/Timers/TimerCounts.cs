using System.Runtime.InteropServices;
using RocketOps.Broker.Configuration;
using RocketOps.Store.Timers;

namespace RocketOps.Broker.Timers;

/// <summary>Counts of the messages in the slots of the timer wheel, for whoever asks. Any thread.</summary>
internal sealed class TimerCounts(CurrentOptions<TimerOptions> options, TimerDisk disk, TimerProgress progress, TimerAdditions additions, SlotClock clock)
{
    private readonly SemaphoreSlim _counting = new(1);

    /// <inheritdoc cref="TimerAdditions.Written"/>
    public long Taken => additions.Written;

    /// <inheritdoc cref="TimerProgress.Delivered"/>
    public long Delivered => progress.Delivered;

    /// <summary>Messages that wait in slots, minus deletions. Takes about a millisecond.</summary>
    public long CountWaiting() => disk.Opened?.CountAll() ?? 0;

    /// <summary>Milliseconds for which the first slot with messages is due already, as far as it has been looked at.</summary>
    public long LateMs => CountWaiting() > 0 ? Math.Max(0, clock.Now - progress.ReadMs - clock.PrecisionMs) : 0;

    /// <summary>
    /// True when nothing waits in a slot of what lies before <paramref name="queueOffset"/> in the timer topic, which is how far messages
    /// were taken: the slot that was delivered last does not tell, as it stays the last until another message comes. False before they are
    /// loaded.
    /// </summary>
    public bool HasDeliveredAll(out long queueOffset)
    {
        queueOffset = progress.QueueOffset;
        Interlocked.MemoryBarrier();
        return additions.IsWritten && disk.Opened is { } index && index.IsEmpty;
    }

    /// <summary>
    /// True when no more messages are taken for a slot: above the limit by chance, from twice the limit on for certain, as RocketMQ does.
    /// </summary>
    public bool IsCongested(long slotMs)
    {
        long limit = options.Value.TimerMaxPerSlot;
        if (limit == int.MaxValue || disk.Opened is not { } index)
        {
            return false;
        }

        long count = index.CountAt(slotMs);
        return count > limit && (count >= limit * 2 || Random.Shared.Next(1000) > 1000 * (count - limit) / (limit + 0.1));
    }

    /// <summary>
    /// Messages that wait, by Java's hash of their topic, minus deletions: reads the units of every slot, a slot at a time between what the timers do. One count at a time. Nothing before
    /// the first message with a time.
    /// </summary>
    public async Task<IReadOnlyDictionary<int, long>> CountByTopicAsync(CancellationToken cancellationToken)
    {
        Dictionary<int, long> counts = [];
        await _counting.WaitAsync(cancellationToken);
        try
        {
            if (disk.Opened is not { } index)
            {
                return counts;
            }

            (long first, long delivered) = (progress.ReadMs, progress.DeliveredOfSlot);
            long end = first + clock.SpanMs;
            for (long slot = first; slot < end; slot += clock.PrecisionMs)
            {
                if (index.CountAt(slot) != 0)
                {
                    long slotMs = slot;
                    await disk.RunAsync(() => Count(index.Read(slotMs), slotMs == first ? delivered : 0, counts)).WaitAsync(cancellationToken);
                }
            }

            return counts;
        }
        finally
        {
            _counting.Release();
        }
    }

    private static void Count(TimerChain chain, long delivered, Dictionary<int, long> counts)
    {
        for (long i = 0; chain.TryNext(out TimerUnit unit); i++)
        {
            if (i >= delivered && unit.SlotMs == chain.SlotMs)
            {
                ref long count = ref CollectionsMarshal.GetValueRefOrAddDefault(counts, unit.TopicHash, out _);
                count += (unit.Magic & TimerUnit.Delete) != 0 ? -1 : 1;
            }
        }
    }
}
