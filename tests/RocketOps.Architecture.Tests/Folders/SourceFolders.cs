using System.Text.RegularExpressions;
using RocketOps.Testing;

namespace RocketOps.Architecture.Tests.Folders;

/// <summary>A use of one folder by another one of the same project: by whom, and of what.</summary>
internal sealed record FolderArrow(string From, string To, string User, string Used)
{
    public override string ToString() => $"{From} -> {To}: {User} uses {Used}";
}

/// <summary>The folders of a project that have code, and which types each of them has.</summary>
internal sealed partial class SourceFolders
{
    private readonly Dictionary<string, HashSet<string>> _folders = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<string>> _namespaces = new(StringComparer.Ordinal);
    private readonly List<(string Folder, string File, string Namespace)> _usings = [];

    private SourceFolders()
    {
    }

    public IReadOnlySet<string> Folders => _namespaces.Values.SelectMany(static folders => folders).ToHashSet(StringComparer.Ordinal);

    /// <summary>What <c>using</c> lines say: a constant leaves no other trace in an assembly. Of namespaces that several folders share they say nothing.</summary>
    public IEnumerable<FolderArrow> Usings => _usings
        .Where(line => _namespaces.TryGetValue(line.Namespace, out HashSet<string>? folders) && folders.Count == 1)
        .Select(line => new FolderArrow(line.Folder, _namespaces[line.Namespace].Single(), line.File, line.Namespace))
        .Where(static arrow => arrow.From != arrow.To);

    /// <param name="project">Folder of the project, from the repository's root.</param>
    public static SourceFolders Read(string project)
    {
        SourceFolders result = new();
        string root = Path.Combine(SharedKits.RepositoryRoot, project);
        foreach (string file in Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(root, file)))
        {
            if (file.Split(Path.DirectorySeparatorChar)[0] is not ("bin" or "obj"))
            {
                result.Add(file, File.ReadAllText(Path.Combine(root, file)));
            }
        }

        return result;
    }

    /// <summary>Arrows between types as arrows between their folders. A type that several folders have (parts of one class) tells nothing; nor does one that a generator made.</summary>
    public IEnumerable<FolderArrow> ArrowsOf(IEnumerable<(string From, string To)> types)
    {
        foreach ((string from, string to) in types)
        {
            if (FolderOf(from) is { } user && FolderOf(to) is { } used && user != used)
            {
                yield return new FolderArrow(user, used, from, to);
            }
        }
    }

    /// <summary>Folders that have a type of this name, whatever its namespace; none when the project has no such type.</summary>
    public IReadOnlySet<string> FoldersOf(string name) =>
        _folders.Where(type => type.Key.EndsWith("." + name, StringComparison.Ordinal)).SelectMany(static type => type.Value).ToHashSet(StringComparer.Ordinal);

    private string? FolderOf(string type) => _folders.TryGetValue(type, out HashSet<string>? folders) && folders.Count == 1 ? folders.Single() : null;

    private void Add(string file, string text)
    {
        string folder = Path.GetDirectoryName(file) is { Length: > 0 } path ? path.Replace(Path.DirectorySeparatorChar, '/') : FolderTable.Root;
        string name = Namespace().Match(text) is { Success: true } found ? found.Groups["name"].Value : string.Empty;
        Put(_namespaces, name, folder);
        foreach (Match type in Declaration().Matches(text))
        {
            Put(_folders, $"{name}.{type.Groups["name"].Value}", folder);
        }

        _usings.AddRange(Using().Matches(text).Select(match => (folder, file, match.Groups["name"].Value)));
    }

    private static void Put(Dictionary<string, HashSet<string>> map, string key, string value)
    {
        if (!map.TryGetValue(key, out HashSet<string>? values))
        {
            map[key] = values = new HashSet<string>(StringComparer.Ordinal);
        }

        values.Add(value);
    }

    [GeneratedRegex(@"^namespace (?<name>[\w.]+)", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Namespace();

    [GeneratedRegex(@"^using (?<name>[\w.]+);", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Using();

    // A declaration that is not indented is no nested one.
    [GeneratedRegex(@"^(?:(?:public|internal|file|static|sealed|abstract|readonly|ref|partial|unsafe) )*(?:class|struct|interface|enum|record struct|record class|record|delegate [^(]*?) (?<name>\w+)(?=[\s<({:;]|$)", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Declaration();
}
