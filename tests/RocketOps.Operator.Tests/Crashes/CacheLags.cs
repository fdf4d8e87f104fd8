using System.Globalization;

namespace RocketOps.Operator.Tests.Crashes;

/// <summary>
/// How far behind an operator's caches are. Each kind has a watch of its own, so what a set makes, what its pods start with and who leads them may be shown older than the set itself: what is decided on both has to hold then
/// too. A seed says how much older.
/// </summary>
internal sealed class CacheLags
{
    /// <summary>Where all kinds are alike they are told of changes once in so many passes.</summary>
    private const int PassesOfARound = 4;

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
    /// <param name="steps">What its world does.</param>
    /// <param name="cancellationToken">Nobody wants to be told any more.</param>
    public Func<Task> TurnsOf(string resource, WorldSteps steps, CancellationToken cancellationToken)
    {
        int? lag = _seed is { } seed ? LagOf(resource, seed) : null;
        int told = -1;
        return async () =>
        {
            // What comes together is told together.
            int passes = steps.Passes;
            if (passes > told + 1)
            {
                await steps.PassedAsync(lag is { } several ? passes + several : passes + PassesOfARound - (passes % PassesOfARound), cancellationToken);
                told = steps.Passes;
            }
        };
    }

    public override string ToString() => _seed is null ? "caches that lag alike" : string.Create(CultureInfo.InvariantCulture, $"caches that lag by ROCKETOPS_LAG_SEED={_seed}");

    private static int LagOf(string resource, int seed)
    {
        int[] passes = resource is "brokerclusters" or "statefulsets" ? Few : Several;
        return passes[new Random(resource.Aggregate(seed, static (hash, letter) => unchecked((hash * 31) + letter))).Next(passes.Length)];
    }
}
