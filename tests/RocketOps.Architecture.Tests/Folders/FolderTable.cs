using System.Text.RegularExpressions;
using RocketOps.Testing;

namespace RocketOps.Architecture.Tests.Folders;

/// <summary>The folders of each project with their purposes, lowest first, as docs/folders.md has them: a heading that names the project and its folder, and a table.</summary>
internal sealed partial class FolderTable
{
    /// <summary>How the folder of the project itself is written.</summary>
    public const string Root = "(root)";

    private FolderTable(string project, string path, IReadOnlyList<string> folders)
    {
        Project = project;
        Path = path;
        Folders = folders;
    }

    public string Project { get; }

    /// <summary>From the repository's root.</summary>
    public string Path { get; }

    /// <summary>From the project's folder, lowest first.</summary>
    public IReadOnlyList<string> Folders { get; }

    public static IReadOnlyList<FolderTable> Read() =>
    [
        .. Heading().Matches(File.ReadAllText(System.IO.Path.Combine(SharedKits.RepositoryRoot, "docs", "folders.md")))
            .Select(static match => new FolderTable(match.Groups["project"].Value, match.Groups["path"].Value, [.. Row().Matches(match.Groups["rows"].Value).Select(static row => row.Groups["folder"].Value)])),
    ];

    [GeneratedRegex(@"^## (?<project>\S+), `(?<path>[^`]+)`\n(?<rows>(?:(?!^## ).*\n?)*)", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Heading();

    [GeneratedRegex(@"^\| `(?<folder>[^`]+)` \| \S.* \|$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Row();
}
