using RocketOps.Testing;

namespace RocketOps.Cli.Tests.Support;

/// <summary>Texts kept beside the tests. With ROCKETOPS_UPDATE_SNAPSHOTS=1 they are written instead of compared; the difference is then for the reviewer.</summary>
internal static class Snapshot
{
    public static async Task ShouldMatchAsync(string name, string text)
    {
        string path = Path.Combine(SharedKits.RepositoryRoot, "tests", "RocketOps.Cli.Tests", "Snapshots", name + ".txt");
        string actual = string.Join('\n', text.ReplaceLineEndings("\n").Split('\n').Select(static line => line.TrimEnd())).TrimEnd() + "\n";
        if (Environment.GetEnvironmentVariable("ROCKETOPS_UPDATE_SNAPSHOTS") == "1")
        {
            await File.WriteAllTextAsync(path, actual);
        }

        string kept = File.Exists(path) ? await File.ReadAllTextAsync(path) : string.Empty;
        actual.Should().Be(kept, "that is what {0} says; ROCKETOPS_UPDATE_SNAPSHOTS=1 writes it anew", Path.GetFileName(path));
    }
}
