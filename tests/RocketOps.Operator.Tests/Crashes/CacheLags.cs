using System.Diagnostics;
using System.Globalization;

namespace RocketOps.Operator.Tests.Crashes;

/// <summary>
/// How far behind an operator's caches are. Each kind has a watch of its own, so what a set makes, what its pods start with and who leads them may be shown older than the set itself: what is decided on both has to hold then
/// too. A seed says how much older.
/// </summary>
internal sealed class CacheLags
{
    /// <summary>For so much of each period everything passes.</summary>
    private const double Open = 0.15;

    /// <summary>Several passes.</summary>
    private static readonly TimeSpan Long = TimeSpan.FromMilliseconds(250);

    private static readonly TimeSpan[] Short = [TimeSpan.Zero, TimeSpan.FromMilliseconds(60)];

    private static readonly TimeSpan[] Longer = [Long, TimeSpan.FromMilliseconds(330), TimeSpan.FromMilliseconds(410)];

    private readonly int? _seed;

    private CacheLags(int? seed) => _seed = seed;

    /// <summary>All kinds learn of changes at the same moments.</summary>
    public static CacheLags Alike { get; } = new(null);

    /// <summary>What is asked for and the sets are seen soon; all else later, each kind for itself.</summary>
    public static CacheLags Of(int seed) => new(seed);

    /// <summary>Ends when news of a kind is told next: at once in a moment when it passes.</summary>
    /// <param name="resource">The kind, as in paths.</param>
    /// <param name="cancellationToken">Nobody wants to be told any more.</param>
    public Task TurnAsync(string resource, CancellationToken cancellationToken)
    {
        TimeSpan period = PeriodOf(resource);
        double phase = period == TimeSpan.Zero ? 0 : Stopwatch.GetElapsedTime(0) / period % 1;
        return phase > Open ? Task.Delay(period * (1 - phase), cancellationToken) : Task.CompletedTask;
    }

    public override string ToString() => _seed is null ? "caches that lag alike" : string.Create(CultureInfo.InvariantCulture, $"caches that lag by ROCKETOPS_LAG_SEED={_seed}");

    private TimeSpan PeriodOf(string resource)
    {
        if (_seed is not { } seed)
        {
            return Long;
        }

        TimeSpan[] periods = resource is "brokerclusters" or "statefulsets" ? Short : Longer;
        return periods[new Random(resource.Aggregate(seed, static (hash, letter) => unchecked((hash * 31) + letter))).Next(periods.Length)];
    }
}
