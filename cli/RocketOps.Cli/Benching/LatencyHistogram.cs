using System.Numerics;

namespace RocketOps.Cli.Benching;

/// <summary>Counts durations in buckets no wider than a 64th of what they hold, so that percentiles are right within 2 %. Thread-safe; adding allocates nothing.</summary>
internal sealed class LatencyHistogram
{
    private const int SubBits = 6;
    private const int SubBuckets = 1 << SubBits;

    // 2^40 µs are twelve days.
    private const int Powers = 40;

    private readonly long[] _counts = new long[(Powers + 1) * SubBuckets];
    private long _max;

    public long Count => _counts.Sum(static count => count);

    public TimeSpan Max => TimeSpan.FromMicroseconds(Volatile.Read(ref _max));

    public void Add(TimeSpan duration)
    {
        long micros = Math.Max(0, (long)duration.TotalMicroseconds);
        Interlocked.Increment(ref _counts[Bucket(micros)]);
        long max = Volatile.Read(ref _max);
        while (micros > max)
        {
            long seen = Interlocked.CompareExchange(ref _max, micros, max);
            if (seen == max)
            {
                break;
            }

            max = seen;
        }
    }

    /// <summary>The duration that a share of all did not exceed; zero when there is none.</summary>
    /// <param name="share">From 0 to 1.</param>
    public TimeSpan Percentile(double share)
    {
        long wanted = Math.Max(1, (long)Math.Ceiling(Count * share));
        long seen = 0;
        for (int bucket = 0; bucket < _counts.Length; bucket++)
        {
            seen += Volatile.Read(ref _counts[bucket]);
            if (seen >= wanted)
            {
                // Nothing was longer than the longest, although its bucket reaches further.
                return TimeSpan.FromMicroseconds(Math.Min(UpperEnd(bucket), Volatile.Read(ref _max)));
            }
        }

        return TimeSpan.Zero;
    }

    /// <summary>Takes what was counted out, so that the next second begins at nothing.</summary>
    public LatencyHistogram TakeOut()
    {
        LatencyHistogram taken = new() { _max = Interlocked.Exchange(ref _max, 0) };
        for (int bucket = 0; bucket < _counts.Length; bucket++)
        {
            taken._counts[bucket] = Interlocked.Exchange(ref _counts[bucket], 0);
        }

        return taken;
    }

    private static int Bucket(long micros)
    {
        // Below 64 every number has a bucket of its own; above, the highest seven bits count.
        int shift = Math.Clamp(BitOperations.Log2((ulong)micros | 1) - SubBits, 0, Powers - SubBits);
        return (int)Math.Min((shift * SubBuckets) + (micros >> shift), ((Powers + 1) * SubBuckets) - 1);
    }

    /// <summary>Largest number of microseconds that falls into a bucket.</summary>
    private static long UpperEnd(int bucket)
    {
        int shift = Math.Max(0, (bucket / SubBuckets) - 1);
        long top = bucket - ((long)shift * SubBuckets);
        return ((top + 1) << shift) - 1;
    }
}
