namespace RocketOps.Gate;

/// <summary>One folder of results: a ring, or a part of one that runs by itself.</summary>
/// <param name="Name">The folder's name.</param>
/// <param name="Folder">Its path; a folder for each project is below it.</param>
/// <param name="Projects">The test projects that it should have run, from the file <c>projects</c> in it.</param>
/// <param name="Asked">Value of <c>ROCKETOPS_RINGS</c> that it ran with, from the file <c>rings</c>; empty for none.</param>
/// <param name="Filter">The filter that it ran with, from the file <c>filter</c>; empty for none.</param>
internal sealed record Ring(string Name, string Folder, IReadOnlyList<string> Projects, string Asked, string Filter)
{
    public static Ring Read(string folder) => new(
        Path.GetFileName(folder),
        folder,
        [.. File.ReadAllLines(Path.Combine(folder, "projects")).Where(line => line.Length > 0)],
        TextOf(folder, "rings"),
        TextOf(folder, "filter"));

    /// <summary>The result files of one project: none when its host never began, or the test platform itself was killed.</summary>
    public IEnumerable<string> FilesOf(string project)
    {
        string folder = Path.Combine(Folder, project);
        return Directory.Exists(folder) ? Directory.EnumerateFiles(folder, "*.trx", SearchOption.AllDirectories).Order(StringComparer.Ordinal) : [];
    }

    /// <summary>The tests that were running when a host of this project died.</summary>
    public IReadOnlyList<string> RunningIn(string project)
    {
        string folder = Path.Combine(Folder, project);
        return Directory.Exists(folder) ? [.. Directory.EnumerateFiles(folder, TestSequence.Files, SearchOption.AllDirectories).SelectMany(TestSequence.Running).Distinct(StringComparer.Ordinal)] : [];
    }

    private static string TextOf(string folder, string name) => File.Exists(Path.Combine(folder, name)) ? File.ReadAllText(Path.Combine(folder, name)).Trim() : "";
}
