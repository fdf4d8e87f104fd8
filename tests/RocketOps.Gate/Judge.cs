namespace RocketOps.Gate;

/// <summary>Says what a run comes to: reads its results, runs again what may be run again, prints.</summary>
/// <param name="results">The folder with a folder for each ring, and the files <c>failures</c> and <c>skips</c>, a line for each check that is no test, and <c>load</c>.</param>
/// <param name="platform">Runs tests again.</param>
/// <param name="output">Where it prints.</param>
/// <param name="time">Tells whether there is time for that.</param>
/// <param name="deadline">When it has to be done.</param>
internal sealed class Judge(string results, ITestPlatform platform, TextWriter output, TimeProvider time, DateTimeOffset deadline)
{
    /// <summary>Judges; 0 when nothing failed, else 1. The last line that it prints is <c>N passed, N failed, N skipped</c>.</summary>
    public async Task<int> JudgeAsync(IReadOnlyList<string> rings)
    {
        List<ProjectOutcome> outcomes = [];
        foreach (string name in rings)
        {
            Ring ring = Ring.Read(Path.Combine(results, name));
            foreach (string project in ring.Projects)
            {
                outcomes.Add(await ProjectOutcome.ReadAsync(ring, project, platform));
            }
        }

        string[] failures = LinesOf("failures");
        string[] skips = LinesOf("skips");
        ProjectOutcome[] cutOff = [.. outcomes.Where(outcome => outcome.Errors.Count > 0)];
        Judgement judgement = new(platform, LoadLog.Read(Path.Combine(results, "load")), time, deadline);
        await judgement.JudgeAsync(outcomes, failures.Length > 0 || cutOff.Length > 0);
        await File.WriteAllLinesAsync(Path.Combine(results, "unstable"), Report.LinesOf(judgement.Unstable));

        Report report = new(output);
        report.Seconds(outcomes);
        foreach (ProjectOutcome outcome in cutOff)
        {
            report.CutOff(outcome);
        }

        report.Failures(judgement.Failed);
        report.Checks("FAILED", failures);
        report.Checks("SKIPPED", skips);
        report.Unstable(judgement.Unstable);
        Totals totals = Totals.Of(outcomes, judgement, failures.Length, skips.Length);
        await output.WriteLineAsync(totals.ToString());
        return totals.Failed == 0 ? 0 : 1;
    }

    private string[] LinesOf(string name) => File.Exists(Path.Combine(results, name)) ? File.ReadAllLines(Path.Combine(results, name)) : [];
}
