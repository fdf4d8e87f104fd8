namespace RocketOps.Gate;

/// <summary>The last line of a run.</summary>
internal sealed record Totals(int Passed, int Failed, int Skipped)
{
    /// <summary>What a test of <c>dotnet test</c> says that belongs to a ring which has a step of its own (<c>RingRules.WhySkipGuest</c>).</summary>
    private const string LeftToRing = "ring cluster: not run";

    /// <summary>A run that was no whole one counts its lost tests as failed, and itself where it lost none; so does a check that is no test.</summary>
    public static Totals Of(IReadOnlyList<ProjectOutcome> outcomes, Judgement judgement, int failures, int skips)
    {
        bool hasCluster = outcomes.Any(outcome => outcome.Ring.Asked.Split(',').Contains("cluster", StringComparer.Ordinal));
        int passed = outcomes.Sum(outcome => outcome.Results.Count(result => result.Outcome == Outcome.Passed)) + judgement.Unstable.Count;
        int skipped = outcomes.Sum(outcome => outcome.Results.Count(result => result.Outcome == Outcome.Skipped && !(hasCluster && result.Message.Contains(LeftToRing, StringComparison.Ordinal))));
        int lost = outcomes.Where(outcome => outcome.Errors.Count > 0).Sum(outcome => Math.Max(1, outcome.CutOff.Count));
        return new Totals(passed, judgement.Failed.Count + lost + failures, skipped + skips);
    }

    public override string ToString() => $"{Passed} passed, {Failed} failed, {Skipped} skipped";
}
