namespace RocketOps.Testing.Rings;

/// <summary>
/// What becomes of a test whose ring was not asked for or whose kit is missing. On a developer's machine it is skipped and says why; where the ring was asked
/// for, and on CI, it fails: a proof that is silently left out is none.
/// </summary>
/// <param name="rings">Value of <c>ROCKETOPS_RINGS</c>: names of rings, separated by commas; null for none.</param>
/// <param name="ci">Value of <c>CI</c>; <c>true</c> means CI, as its services set it.</param>
public sealed class RingRules(string? rings, string? ci)
{
    public const string Interop = "interop";
    public const string Faults = "faults";
    public const string Cluster = "cluster";
    public const string Programs = "programs";
    public const string Deep = "deep";

    private readonly string[] _asked = (rings ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
    private readonly bool _isCi = string.Equals(ci, "true", StringComparison.OrdinalIgnoreCase);

    /// <summary>The rules of this process.</summary>
    public static RingRules Current { get; } = new(Environment.GetEnvironmentVariable("ROCKETOPS_RINGS"), Environment.GetEnvironmentVariable("CI"));

    public bool IsAskedFor(string ring) => _asked.Contains(ring, StringComparer.Ordinal);

    /// <summary>
    /// For a test of a ring's own project, or of no ring: why it is to be skipped, or null when it can run.
    /// </summary>
    /// <param name="ring">The ring, or null for what plain <c>dotnet test</c> runs.</param>
    /// <param name="whyMissing">Why what it needs is not there (<see cref="SharedKits.WhyMissing"/>); null when it is.</param>
    /// <exception cref="KitMissingException">It must not be skipped: the ring was asked for, or this is CI.</exception>
    public string? WhySkip(string? ring, string? whyMissing)
    {
        if (whyMissing is null)
        {
            return null;
        }

        if (ring is not null && IsAskedFor(ring))
        {
            throw new KitMissingException($"ring {ring} was asked for: {whyMissing}");
        }

        return _isCi ? throw new KitMissingException($"CI runs every test: {whyMissing}") : whyMissing;
    }

    /// <summary>
    /// For a test of a ring that lives in a project of <c>dotnet test</c>: why it is to be skipped, or null when it can run. Where the ring was not asked for
    /// that is no fault, not on CI either: the ring has its own step there, and <c>.ci/run</c> knows this sentence.
    /// </summary>
    /// <exception cref="KitMissingException">The ring was asked for and its kit is missing.</exception>
    public string? WhySkipGuest(string ring, string? whyMissing) =>
        IsAskedFor(ring) ? WhySkip(ring, whyMissing) : $"ring {ring}: not run; ROCKETOPS_RINGS={ring} runs it";
}
