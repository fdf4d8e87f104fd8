using System.Xml.Linq;
using RocketOps.Testing;

namespace RocketOps.Architecture.Tests;

/// <summary>The product's projects and the references between them, read from the project files.</summary>
internal sealed class ProjectGraph
{
    private static readonly string[] Outside = ["tests", "bench", "out"];

    private readonly Dictionary<string, IReadOnlySet<string>> _direct;

    private ProjectGraph(Dictionary<string, IReadOnlySet<string>> direct)
    {
        _direct = direct;
    }

    public IEnumerable<string> Projects => _direct.Keys;

    public static ProjectGraph Read()
    {
        Dictionary<string, IReadOnlySet<string>> direct = new(StringComparer.Ordinal);
        foreach (string file in Directory.EnumerateFiles(SharedKits.RepositoryRoot, "RocketOps.*.csproj", SearchOption.AllDirectories))
        {
            string relative = Path.GetRelativePath(SharedKits.RepositoryRoot, file);
            if (!Outside.Contains(relative.Split(Path.DirectorySeparatorChar)[0], StringComparer.Ordinal))
            {
                direct[Path.GetFileNameWithoutExtension(file)] = XDocument.Load(file).Descendants("ProjectReference")
                    .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value.Replace('\\', '/')))
                    .ToHashSet(StringComparer.Ordinal);
            }
        }

        return new ProjectGraph(direct);
    }

    public IReadOnlySet<string> DirectReferences(string project) => _direct[project];

    /// <summary>Everything a project knows, directly or through others.</summary>
    public IReadOnlySet<string> AllReferences(string project)
    {
        HashSet<string> seen = new(StringComparer.Ordinal);
        Stack<string> open = new(_direct[project]);
        while (open.TryPop(out string? next))
        {
            if (seen.Add(next))
            {
                foreach (string further in _direct[next])
                {
                    open.Push(further);
                }
            }
        }

        return seen;
    }
}
