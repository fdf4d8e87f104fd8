namespace RocketOps.Gate;

/// <summary>A test that failed because a time ran out and passed when it was run again alone.</summary>
internal sealed record UnstableTest(Ring Ring, TestResult First, string Load, int Reruns);

/// <summary>A test that failed for good, and in which words.</summary>
internal sealed record FailedTest(Ring Ring, TestResult Result, string Load, int Reruns);

/// <summary>What the results of all rings come to.</summary>
internal sealed class Judgement(ITestPlatform platform, LoadLog load, TimeProvider time, DateTimeOffset deadline)
{
    private static readonly TimeSpan LongestRerun = TimeSpan.FromMinutes(10);

    public List<FailedTest> Failed { get; } = [];

    public List<UnstableTest> Unstable { get; } = [];

    /// <summary>Sorts the failed tests: runs those again that may be, unless it is red anyway.</summary>
    public async Task JudgeAsync(IReadOnlyList<ProjectOutcome> outcomes, bool isRedAnyway)
    {
        (Ring Ring, TestResult Result)[] failed = [.. outcomes.SelectMany(outcome => outcome.Results.Where(result => result.Outcome == Outcome.Failed).Select(result => (outcome.Ring, result)))];
        (Ring Ring, TestResult Result)[] again = [.. failed.Where(test => RetryRules.MayRunAgain(test.Result))];
        bool isWorthIt = !isRedAnyway && again.Length == failed.Length && again.Length <= RetryRules.MostUnstable;
        foreach ((Ring ring, TestResult result) in failed)
        {
            int reruns = 0;
            bool passed = false;
            while (isWorthIt && !passed && reruns < RetryRules.MostReruns && deadline - time.GetUtcNow() > TimeSpan.FromMinutes(1))
            {
                reruns++;
                passed = await PassesAsync(ring, result);
            }

            if (passed)
            {
                Unstable.Add(new UnstableTest(ring, result, load.At(result.End), reruns));
            }
            else
            {
                Failed.Add(new FailedTest(ring, result, load.At(result.End), reruns));
            }
        }
    }

    private async Task<bool> PassesAsync(Ring ring, TestResult result)
    {
        TimeSpan left = deadline - time.GetUtcNow();
        ResultFile? rerun = await platform.RunAsync(result, ring, left < LongestRerun ? left : LongestRerun);
        return rerun is { Errors.Count: 0 } && rerun.Results.Any(row => row.Name == result.Name && row.Outcome == Outcome.Passed);
    }
}
