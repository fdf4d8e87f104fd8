using System.Globalization;
using System.Numerics;
using System.Text;

namespace RocketOps.Broker.Messages;

/// <summary>
/// Time that stores take, from the moment the request was read to the moment it may be acknowledged, and number of those that fail. One
/// measurement per batch, counted for each of its messages. Figures are of the last full minute and the one that runs. Thread-safe,
/// allocates nothing when adding.
/// </summary>
internal sealed class AppendStatistics(TimeProvider time)
{
    /// <summary>Steps per power of two: a percentile is at most an eighth too high.</summary>
    private const int Steps = 8;

    private const int StepBits = 3;

    /// <summary>Microseconds from 0 to above an hour.</summary>
    private const int Slots = 30 * Steps;

    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    // Bounds in milliseconds and names as StoreStatsService prints them (admin.md §2.6).
    private static readonly (long BelowMs, string Name)[] Buckets =
    [
        (1, "<=0ms"), (10, "0~10ms"), (50, "10~50ms"), (100, "50~100ms"), (200, "100~200ms"), (500, "200~500ms"), (1000, "500ms~1s"), (2000, "1~2s"), (3000, "2~3s"),
        (4000, "3~4s"), (5000, "4~5s"), (10000, "5~10s"), (long.MaxValue, "10s~"),
    ];

    private readonly Lock _turning = new();
    private Window _current = new();
    private Window _last = new();
    private long _since = time.GetTimestamp();
    private long _maxMs;
    private long _failed;

    /// <summary>Longest store since the start, in milliseconds.</summary>
    public long MaxMs => Volatile.Read(ref _maxMs);

    /// <summary>Messages and batches the store refused since the start.</summary>
    public long Failed => Volatile.Read(ref _failed);

    /// <summary>Counts <paramref name="messages"/> that were begun at <paramref name="startedAt"/> (a timestamp of the clock) and are stored now.</summary>
    public void Add(long startedAt, int messages)
    {
        long micros = Math.Max(0, (long)time.GetElapsedTime(startedAt).TotalMicroseconds);
        Volatile.Read(ref _current).Add(micros, messages);
        long ms = micros / 1000;
        for (long max = MaxMs; ms > max; max = MaxMs)
        {
            Interlocked.CompareExchange(ref _maxMs, ms, max);
        }
    }

    public void AddFailure() => Interlocked.Increment(ref _failed);

    /// <summary>Begins a new minute when the running one is over. To be called now and then.</summary>
    public void Turn()
    {
        lock (_turning)
        {
            if (time.GetElapsedTime(_since) >= Minute)
            {
                _since = time.GetTimestamp();
                _last = _current;
                Volatile.Write(ref _current, new Window());
            }
        }
    }

    /// <summary>
    /// The time in milliseconds within which that share (0 to 1) of the stores was done; 0 without any. In RocketMQ's format: two decimals.
    /// </summary>
    public string Percentile(double share)
    {
        long[] counts = Collect();
        long wanted = (long)Math.Ceiling(counts.Sum() * share);
        long seen = 0;
        for (int slot = 0; slot < Slots && wanted > 0; slot++)
        {
            seen += counts[slot];
            if (seen >= wanted)
            {
                return (UpperMicros(slot) / 1000.0).ToString("0.00", CultureInfo.InvariantCulture);
            }
        }

        return "0.00";
    }

    /// <summary>The distribution in RocketMQ's thirteen buckets and its format, trailing blank included.</summary>
    public string Distribution()
    {
        StringBuilder text = new();
        lock (_turning)
        {
            for (int bucket = 0; bucket < Buckets.Length; bucket++)
            {
                text.Append(CultureInfo.InvariantCulture, $"[{Buckets[bucket].Name}]:{_last.InBucket(bucket) + _current.InBucket(bucket)} ");
            }
        }

        return text.ToString();
    }

    private static int BucketOf(long micros)
    {
        int bucket = 0;
        while (micros / 1000 >= Buckets[bucket].BelowMs)
        {
            bucket++;
        }

        return bucket;
    }

    private static int SlotOf(long micros)
    {
        if (micros < Steps)
        {
            return (int)micros;
        }

        int power = BitOperations.Log2((ulong)micros);
        int step = (int)(micros >> (power - StepBits)) & (Steps - 1);
        return Math.Min(((power - StepBits + 1) << StepBits) + step, Slots - 1);
    }

    private static long LowerMicros(int slot) =>
        slot < Steps ? slot : (long)(Steps + (slot & (Steps - 1))) << ((slot >> StepBits) - 1);

    private static long UpperMicros(int slot) => LowerMicros(slot + 1);

    private long[] Collect()
    {
        long[] counts = new long[Slots];
        lock (_turning)
        {
            _last.AddTo(counts);
            _current.AddTo(counts);
        }

        return counts;
    }

    private sealed class Window
    {
        private readonly long[] _counts = new long[Slots];
        private readonly long[] _buckets = new long[Buckets.Length];

        public void Add(long micros, int messages)
        {
            Interlocked.Add(ref _counts[SlotOf(micros)], messages);
            Interlocked.Add(ref _buckets[BucketOf(micros)], messages);
        }

        public long InBucket(int bucket) => Volatile.Read(ref _buckets[bucket]);

        public void AddTo(long[] counts)
        {
            for (int slot = 0; slot < Slots; slot++)
            {
                counts[slot] += Volatile.Read(ref _counts[slot]);
            }
        }
    }
}
