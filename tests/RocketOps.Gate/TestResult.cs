namespace RocketOps.Gate;

/// <summary>How one test ended.</summary>
internal enum Outcome
{
    Passed,
    Failed,
    Skipped,
}

/// <summary>One test of one project, as a result file tells it.</summary>
/// <param name="Project">The test project's name, which is its assembly's.</param>
/// <param name="Method">Namespace, class and method: what a filter finds. All rows of a theory share it.</param>
/// <param name="Name">The method with the row's arguments, as people read it.</param>
/// <param name="Outcome">How it ended.</param>
/// <param name="Duration">How long it took by itself.</param>
/// <param name="End">When it ended.</param>
/// <param name="Message">What it said when it failed or was skipped; empty for a test that passed.</param>
/// <param name="Stack">Where it failed; empty for others.</param>
/// <param name="Output">What it wrote while it ran.</param>
internal sealed record TestResult(string Project, string Method, string Name, Outcome Outcome, TimeSpan Duration, DateTimeOffset End, string Message, string Stack, string Output);
