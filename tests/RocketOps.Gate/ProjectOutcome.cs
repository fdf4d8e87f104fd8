using System.Xml;

namespace RocketOps.Gate;

/// <summary>What became of one project in one ring: its tests, and what kept others of them from being run.</summary>
/// <param name="Ring">Where it ran.</param>
/// <param name="Project">Its name.</param>
/// <param name="Results">The tests that ended, those included that were skipped.</param>
/// <param name="Errors">Why the run was no whole one: a host that died or was ended, a result file that is missing.</param>
/// <param name="CutOff">Tests of it that have no result for that.</param>
/// <param name="Wall">From its first test to its last.</param>
internal sealed record ProjectOutcome(Ring Ring, string Project, IReadOnlyList<TestResult> Results, IReadOnlyList<string> Errors, IReadOnlyList<string> CutOff, TimeSpan Wall)
{
    /// <summary>Reads its result files, and asks the project what else it has when its run was no whole one.</summary>
    public static async Task<ProjectOutcome> ReadAsync(Ring ring, string project, ITestPlatform platform)
    {
        List<TestResult> results = [];
        List<string> errors = [];
        TimeSpan wall = TimeSpan.Zero;
        int files = 0;
        foreach (string file in ring.FilesOf(project))
        {
            try
            {
                ResultFile read = ResultFile.Read(file, project);
                results.AddRange(read.Results);
                errors.AddRange(read.Errors.Where(IsOfTheHost));
                wall += read.Finish - read.Start;
                files++;
            }
            catch (Exception broken) when (broken is XmlException or InvalidDataException)
            {
                errors.Add($"{file}: {broken.Message}");
            }
        }

        if (files == 0)
        {
            errors.Add("it left no result file");
        }

        if (errors.Count > 0 && ring.RunningIn(project) is { Count: > 0 } running)
        {
            errors.Add($"running then: {string.Join(", ", running)}");
        }

        HashSet<string> ended = [.. results.Select(result => result.Name)];
        IReadOnlyList<string> all = errors.Count == 0 ? [] : await platform.ListAsync(project, ring);
        return new ProjectOutcome(ring, project, results, errors, [.. all.Where(name => !ended.Contains(name))], wall);
    }

    // The test platform writes every failed test as an error of the run, too, in the words of its adapter.
    private static bool IsOfTheHost(string error) => !error.StartsWith("[xUnit.net", StringComparison.Ordinal);
}
