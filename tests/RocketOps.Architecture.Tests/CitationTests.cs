using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using RocketOps.Testing;

namespace RocketOps.Architecture.Tests;

/// <summary>
/// Sources that are named can be opened: a page and its section (<c>remoting.md §5.1</c>, <c>remoting.md appendix B</c>), a path below <c>docs/</c>, a link between pages.
/// A page is looked for beside the file that names it, in <c>docs/reference/</c>, in <c>docs/</c> and at the root of the repository, in this order.
/// </summary>
public sealed partial class CitationTests
{
    private static readonly string[] Extensions = [".cs", ".md", ".csproj", ".props", ".targets", ".sh", ".py", ".yaml", ".yml"];
    private static readonly string[] Folders = ["docs/reference", "docs", ""];
    private static readonly string[] NotOurs = [".git", "bin", "obj", "out", "node_modules", "TestResults"];

    /// <summary>Read once: some pages are cited a thousand times.</summary>
    private static readonly ConcurrentDictionary<string, string[]> HeadingsOfPages = new(StringComparer.Ordinal);

    private static string Root => SharedKits.RepositoryRoot;

    [Fact]
    public void Citations_OfTheRepository_Resolve()
    {
        int checkedCitations = 0;
        List<string> offences = [];
        foreach (string file in Files(Root))
        {
            string text = File.ReadAllText(file);
            offences.AddRange(Offences(Path.GetRelativePath(Root, file), text));
            checkedCitations += Sections().Count(text);
        }

        offences.Should().BeEmpty("what a comment or a page cites must exist in docs/ (docs/reference/README.md)");
        checkedCitations.Should().BeGreaterThan(100, "else nothing was looked at");
    }

    [Theory]
    [InlineData("client/X.cs", "/// Source: remoting.md §5.1.")]
    [InlineData("client/X.cs", "/// Source: remoting.md §1.3, §1.4 and §5.1.1.")]
    [InlineData("client/X.cs", "// remoting.md appendix B")]
    [InlineData("client/X.cs", "// docs/decisions/README.md")]
    [InlineData("docs/X.md", "[decisions](decisions/README.md), [map](../ARCHITECTURE.md#the-map), [site](https://example.org/x.md)")]
    [InlineData("client/X.cs", "/// (store.md\n    /// §2.1)")]
    public void Offences_WhatExists_IsNone(string file, string text)
    {
        Offences(file, text).Should().BeEmpty();
    }

    [Theory]
    [InlineData("client/X.cs", "/// Source: remoting.md §99.1.")]
    [InlineData("client/X.cs", "/// Source: remoting.md §5.1, §99.")]
    [InlineData("client/X.cs", "/// Source: invented.md §1.")]
    [InlineData("client/X.cs", "/// (store.md\n    /// §99)")]
    [InlineData("client/X.cs", "// remoting.md appendix Z")]
    [InlineData("client/X.cs", "// Decided in docs/decisions/9999-invented.md.")]
    [InlineData("docs/X.md", "[decisions](decisions/9999-invented.md)")]
    [InlineData("docs/X.md", "[map](../ARCHITECTURE.md#invented)")]
    public void Offences_WhatIsMadeUp_IsFound(string file, string text)
    {
        Offences(file, text).Should().ContainSingle();
    }

    private static IEnumerable<string> Files(string folder)
    {
        foreach (string file in Directory.EnumerateFiles(folder))
        {
            // This file makes citations up.
            if ((Extensions.Contains(Path.GetExtension(file), StringComparer.Ordinal) || Path.GetFileName(file).StartsWith("Dockerfile", StringComparison.Ordinal))
                && Path.GetFileName(file) != nameof(CitationTests) + ".cs")
            {
                yield return file;
            }
        }

        foreach (string file in Directory.EnumerateDirectories(folder).Where(static child => !NotOurs.Contains(Path.GetFileName(child), StringComparer.Ordinal)).SelectMany(Files))
        {
            yield return file;
        }
    }

    private static List<string> Offences(string file, string text)
    {
        List<string> offences = [];
        foreach (Match match in Sections().Matches(text))
        {
            string page = match.Groups["page"].Value;
            string? found = Find(page, file);
            foreach (Capture section in match.Groups["section"].Captures)
            {
                if (found is null || !Array.Exists(Headings(found), heading => IsSection(heading, section.Value)))
                {
                    offences.Add($"{file}: {page} §{section.Value}");
                }
            }

            string appendix = match.Groups["appendix"].Value;
            if (appendix.Length > 0 && (found is null || !Array.Exists(Headings(found), heading => heading.StartsWith($"Appendix {appendix}.", StringComparison.Ordinal))))
            {
                offences.Add($"{file}: {page} appendix {appendix}");
            }
        }

        foreach (Match match in Paths().Matches(text))
        {
            if (!Path.Exists(Path.Combine(Root, match.Value)))
            {
                offences.Add($"{file}: {match.Value}");
            }
        }

        if (file.EndsWith(".md", StringComparison.Ordinal))
        {
            foreach (Match match in Links().Matches(text))
            {
                string target = Path.GetFullPath(Path.Combine(Root, Path.GetDirectoryName(file)!, match.Groups["path"].Value));
                string anchor = match.Groups["anchor"].Value;
                if (!Path.Exists(target) || (anchor.Length > 0 && !Array.Exists(Headings(target), heading => Anchor(heading) == anchor)))
                {
                    offences.Add($"{file}: {match.Value}");
                }
            }
        }

        return offences;
    }

    private static string? Find(string page, string from) =>
        Folders.Prepend(Path.GetDirectoryName(from)!).Select(folder => Path.Combine(Root, folder, page)).FirstOrDefault(File.Exists);

    private static string[] Headings(string page) =>
        HeadingsOfPages.GetOrAdd(page, static path => [.. File.ReadLines(path).Where(static line => line.StartsWith('#')).Select(static line => line.TrimStart('#').Trim())]);

    /// <summary>"5. Semantics" is §5, "5.1 Send" is §5.1.</summary>
    private static bool IsSection(string heading, string number) =>
        heading.StartsWith(number + " ", StringComparison.Ordinal) || heading.StartsWith(number + ". ", StringComparison.Ordinal);

    private static string Anchor(string heading) =>
        string.Concat(heading.ToLowerInvariant().Where(static letter => char.IsLetterOrDigit(letter) || letter is ' ' or '-' or '_')).Replace(' ', '-');

    [GeneratedRegex(
        @"(?<page>[A-Za-z0-9][A-Za-z0-9./-]*\.md)`?(?:\s+(?:///?\s+)?|(?=,))(?:appendix (?<appendix>[A-Z])|(?:(?:,?\s+(?:and\s+)?)?§(?<section>\d+(?:\.\d+)*))+)",
        RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Sections();

    [GeneratedRegex(@"(?<![A-Za-z0-9./-])docs/(?:[A-Za-z0-9-]+/)*(?:[A-Za-z0-9-]+\.(?:md|svg|txt))?", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Paths();

    [GeneratedRegex(@"\]\((?!https?:|mailto:|#)(?<path>[^)#\s*\[\]]+)(?:#(?<anchor>[^)\s]+))?\)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Links();
}
