using RocketOps.Testing;

namespace RocketOps.Architecture.Tests;

/// <summary>A part that supports another one must not outgrow it (ARCHITECTURE.md, Sizes).</summary>
public sealed class SizeTests
{
    /// <summary>The budget of ARCHITECTURE.md.</summary>
    private const int MostLines = 15_600;

    [Fact]
    public void EmbeddedControlPlane_Grows_NoFurther()
    {
        string root = Path.Combine(SharedKits.RepositoryRoot, "laptop", "RocketOps.Embedded");
        int lines = Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories).Where(file => IsSource(Path.GetRelativePath(root, file))).Sum(static file => File.ReadLines(file).Count());

        lines.Should().BeInRange(1_000, MostLines, "what is added to the embedded control plane takes at least as much away");
    }

    private static bool IsSource(string path) => path.Split(Path.DirectorySeparatorChar)[0] is not ("bin" or "obj");
}
