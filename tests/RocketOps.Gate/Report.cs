using System.Globalization;

namespace RocketOps.Gate;

/// <summary>What a run prints: seconds per project, why tests failed, which are unstable. Short enough to be kept, long enough to be all that one needs.</summary>
internal sealed class Report(TextWriter output)
{
    private const int MostFailures = 25;
    private const int MostLinesOfMessage = 24;
    private const int MostLinesOfStack = 8;
    private const int MostLinesOfOutput = 8;
    private const int MostColumns = 400;
    private const int MostColumnsOfName = 90;
    private const int MostCutOff = 30;

    public void Seconds(IReadOnlyList<ProjectOutcome> outcomes)
    {
        output.WriteLine();
        output.WriteLine($"{"ring",-20} {"project",-32} {"tests",6} {"failed",6} {"skipped",7} {"wall s",7} {"sum s",7}  slowest");
        foreach (ProjectOutcome outcome in outcomes)
        {
            TestResult? slowest = outcome.Results.MaxBy(result => result.Duration);
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{outcome.Ring.Name,-20} {outcome.Project,-32} {outcome.Results.Count,6} {Count(outcome, Outcome.Failed),6} {Count(outcome, Outcome.Skipped),7} {outcome.Wall.TotalSeconds,7:0.0} {outcome.Results.Sum(result => result.Duration.TotalSeconds),7:0.0}  {Slowest(slowest)}"));
        }
    }

    public void CutOff(ProjectOutcome outcome)
    {
        output.WriteLine();
        output.WriteLine($"  {outcome.Project} ({outcome.Ring.Name}) was no whole run: {outcome.Results.Count} of its tests ended");
        foreach (string error in outcome.Errors)
        {
            Lines(error, MostLinesOfMessage);
        }

        output.WriteLine($"    without a result: {outcome.CutOff.Count}");
        foreach (string name in outcome.CutOff.Take(MostCutOff))
        {
            output.WriteLine($"      {Short(name)}");
        }

        if (outcome.CutOff.Count > MostCutOff)
        {
            output.WriteLine($"      … {outcome.CutOff.Count - MostCutOff} more");
        }
    }

    public void Failures(IReadOnlyList<FailedTest> failed)
    {
        foreach (FailedTest test in failed.Take(MostFailures))
        {
            output.WriteLine();
            output.WriteLine($"  failed: {test.Result.Name} ({test.Ring.Name}, load {test.Load}{(test.Reruns > 0 ? $", and {test.Reruns} times alone" : "")})");
            Lines(test.Result.Message, MostLinesOfMessage);
            // The assertion library is never what is wrong.
            Lines(string.Join('\n', test.Result.Stack.Split('\n').Where(line => !line.TrimStart().StartsWith("at FluentAssertions.", StringComparison.Ordinal))), MostLinesOfStack);
            Lines(test.Result.Output, MostLinesOfOutput);
        }

        if (failed.Count > MostFailures)
        {
            output.WriteLine($"  … {failed.Count - MostFailures} more failed, in the result files");
        }
    }

    /// <summary>A line for each check that is no test.</summary>
    public void Checks(string word, IReadOnlyList<string> lines)
    {
        foreach (string line in lines)
        {
            output.WriteLine($"{word}: {line}");
        }
    }

    /// <summary>Last of all, so that nobody passes over it.</summary>
    public void Unstable(IReadOnlyList<UnstableTest> unstable)
    {
        if (unstable.Count == 0)
        {
            return;
        }

        output.WriteLine();
        output.WriteLine($"unstable: {unstable.Count} (failed because a time ran out, passed when run again alone; to be mended in the next change)");
        foreach (string line in LinesOf(unstable))
        {
            output.WriteLine($"  {line}");
        }
    }

    /// <summary>A line for each: name, ring, load, what it said.</summary>
    public static IEnumerable<string> LinesOf(IReadOnlyList<UnstableTest> unstable) =>
        unstable.Select(test => $"{test.First.Name} ({test.Ring.Name}, load {test.Load}, run again {test.Reruns}×): {Short(test.First.Message.Split('\n')[0])}");

    private static int Count(ProjectOutcome outcome, Outcome kind) => outcome.Results.Count(result => result.Outcome == kind);

    private static string Slowest(TestResult? test)
    {
        if (test is null)
        {
            return "";
        }

        string name = test.Name.StartsWith(test.Project + ".", StringComparison.Ordinal) ? test.Name[(test.Project.Length + 1)..] : test.Name;
        return string.Create(CultureInfo.InvariantCulture, $"{test.Duration.TotalSeconds:0.0} {name[..Math.Min(name.Length, MostColumnsOfName)]}");
    }

    private void Lines(string text, int most)
    {
        string[] lines = [.. text.Split('\n').Select(line => line.TrimEnd()).Where(line => line.Length > 0)];
        // What is wrong stands first or, below all that there was, last.
        int first = lines.Length > most ? most / 2 : lines.Length;
        Indented(lines.Take(first));
        if (lines.Length > most)
        {
            output.WriteLine($"      … {lines.Length - most} more lines …");
            Indented(lines.TakeLast(most - first));
        }
    }

    private void Indented(IEnumerable<string> lines)
    {
        foreach (string line in lines)
        {
            output.WriteLine($"      {Short(line.TrimStart())}");
        }
    }

    private static string Short(string text) => text.Length > MostColumns ? text[..MostColumns] + "…" : text;
}
