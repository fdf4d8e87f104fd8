using System.Diagnostics;
using System.Globalization;

namespace RocketOps.Operator.Tests.Crashes;

/// <summary>
/// How far behind an operator's caches are. Each kind has a watch of its own, so what a set makes, what its pods start with and who leads them may be shown older than the set itself: what is decided on both has to hold then
/// too. A seed says how much older.
/// </summary>
internal sealed class CacheLags
{
    /// <summary>Where all kinds are alike everything passes for so much of each period.</summary>
    private const double Open = 0.15;

    /// <summary>By each pass over a cluster: it asks both of its name servers.</summary>
    private const int QuestionsOfAPass = 2;

    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(250);

    /// <summary>Without a cluster that runs there are no passes to wait for.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(10);

    private static readonly int[] Few = [0, 1];

    private static readonly int[] Several = [3, 4, 5];

    private readonly int? _seed;

    private CacheLags(int? seed) => _seed = seed;

    /// <summary>All kinds learn of changes at the same moments.</summary>
    public static CacheLags Alike { get; } = new(null);

    /// <summary>What is asked for and the sets are seen soon; all else some passes later, each kind for itself.</summary>
    public static CacheLags Of(int seed) => new(seed);

    /// <summary>When news of a kind is told to one watch: what is called before each piece of it ends then.</summary>
    /// <param name="resource">The kind, as in paths.</param>
    /// <param name="questions">How often the operators have asked name servers.</param>
    /// <param name="cancellationToken">Nobody wants to be told any more.</param>
    public Func<Task> TurnsOf(string resource, Func<int> questions, CancellationToken cancellationToken)
    {
        if (_seed is not { } seed)
        {
            return () => TogetherAsync(cancellationToken);
        }

        int[] passes = resource is "brokerclusters" or "statefulsets" ? Few : Several;
        int lag = QuestionsOfAPass * passes[new Random(resource.Aggregate(seed, static (hash, letter) => unchecked((hash * 31) + letter))).Next(passes.Length)];
        int told = -QuestionsOfAPass;
        return async () =>
        {
            // What comes together is told together.
            int asked = questions();
            if (asked <= told + QuestionsOfAPass)
            {
                return;
            }

            long begin = Stopwatch.GetTimestamp();
            while (questions() < asked + lag && Stopwatch.GetElapsedTime(begin) < Longest)
            {
                await Task.Delay(Look, cancellationToken);
            }

            told = questions();
        };
    }

    private static Task TogetherAsync(CancellationToken cancellationToken)
    {
        double phase = Stopwatch.GetElapsedTime(0) / Period % 1;
        return phase > Open ? Task.Delay(Period * (1 - phase), cancellationToken) : Task.CompletedTask;
    }

    public override string ToString() => _seed is null ? "caches that lag alike" : string.Create(CultureInfo.InvariantCulture, $"caches that lag by ROCKETOPS_LAG_SEED={_seed}");
}
