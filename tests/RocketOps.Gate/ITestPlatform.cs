namespace RocketOps.Gate;

/// <summary>What the judge asks of the programs that run tests.</summary>
internal interface ITestPlatform
{
    /// <summary>Runs all rows of one test alone; null when that left no results within the time.</summary>
    Task<ResultFile?> RunAsync(TestResult test, Ring ring, TimeSpan longest);

    /// <summary>The names of all tests that the ring wanted of a project; empty when it cannot tell.</summary>
    Task<IReadOnlyList<string>> ListAsync(string project, Ring ring);
}
