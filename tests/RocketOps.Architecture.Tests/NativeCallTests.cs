using RocketOps.Testing;

namespace RocketOps.Architecture.Tests;

/// <summary>
/// Calls into the system bypass everything the runtime checks. Each project keeps its own in one file, where layouts and constants can be reviewed together; a new file is a decision.
/// </summary>
public sealed class NativeCallTests
{
    private static readonly string[] Allowed =
    [
        "broker/RocketOps.Store/Files/NativeMethods.cs",
        "cli/RocketOps.Cli/Running/NativeMethods.cs",
        "laptop/RocketOps.Embedded/NativeMethods.cs",
        "hosting/RocketOps.Hosting/NativeMethods.cs",
        "remoting/RocketOps.Remoting.Server/Loops/LinuxSockets.cs",
    ];

    [Fact]
    public void Imports_AreInOneFileOfAProject()
    {
        string root = SharedKits.RepositoryRoot;
        string[] rooms = ["protocol", "hosting", "remoting", "nameserver", "broker", "client", "kube", "operator", "laptop", "cli"];

        IEnumerable<string> found = rooms
            .SelectMany(room => Directory.EnumerateFiles(Path.Combine(root, room), "*.cs", SearchOption.AllDirectories))
            .Select(file => Path.GetRelativePath(root, file))
            .Where(static file => !file.Split(Path.DirectorySeparatorChar).Contains("obj", StringComparer.Ordinal))
            .Where(file => File.ReadAllText(Path.Combine(root, file)) is { } text
                && (text.Contains("[LibraryImport", StringComparison.Ordinal) || text.Contains("[DllImport", StringComparison.Ordinal)));

        found.Should().BeEquivalentTo(Allowed);
    }
}
