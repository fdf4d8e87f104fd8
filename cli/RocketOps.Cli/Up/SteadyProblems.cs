namespace RocketOps.Cli.Up;

/// <summary>Holds problems back until they have lasted: a claim that is bound in a moment is none.</summary>
internal sealed class SteadyProblems(TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private Dictionary<PodProblem, long> _since = [];

    /// <summary>Those of <paramref name="seen"/> that every call of the last two seconds saw as well.</summary>
    public IReadOnlyList<PodProblem> Of(IReadOnlyList<PodProblem> seen)
    {
        long now = time.GetTimestamp();
        _since = seen.Distinct().ToDictionary(problem => problem, problem => _since.GetValueOrDefault(problem, now));
        return [.. seen.Where(problem => time.GetElapsedTime(_since[problem], now) >= Patience)];
    }
}
