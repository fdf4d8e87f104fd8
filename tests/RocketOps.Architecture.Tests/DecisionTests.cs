using System.Text.RegularExpressions;
using RocketOps.Testing;

namespace RocketOps.Architecture.Tests;

/// <summary>Whoever opens a decision sees whether it still holds: the index has all of them, and what a later one supersedes says so itself.</summary>
public sealed partial class DecisionTests
{
    private static readonly string Folder = Path.Combine(SharedKits.RepositoryRoot, "docs", "decisions");

    private static IReadOnlyList<string> Pages => [.. Directory.GetFiles(Folder, "0*.md").Select(static path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)];

    [Fact]
    public void Index_HasEachPageOnce_InOrder() =>
        Row().Matches(File.ReadAllText(Path.Combine(Folder, "README.md"))).Select(static row => row.Groups["page"].Value).Should().Equal(Pages);

    [Fact]
    public void Index_SaysWhatIsSuperseded_AsThePagesDo()
    {
        Dictionary<string, string> states = Row().Matches(File.ReadAllText(Path.Combine(Folder, "README.md"))).ToDictionary(static row => row.Groups["page"].Value, static row => row.Groups["state"].Value, StringComparer.Ordinal);

        foreach (string page in Pages)
        {
            Numbers(states[page]).Should().BeEquivalentTo(Later(StatusOf(page)), page);
        }
    }

    [Fact]
    public void Status_OfWhatSupersedes_IsMirrored()
    {
        IReadOnlyList<(string Later, string Earlier)> said = [.. Pages.SelectMany(static page => Earlier(StatusOf(page)).Select(number => (page[..4], number)))];
        IReadOnlyList<(string Later, string Earlier)> mirrored = [.. Pages.SelectMany(static page => Later(StatusOf(page)).Select(number => (number, page[..4])))];

        said.Should().HaveCountGreaterThan(15).And.BeEquivalentTo(mirrored);
    }

    [Theory]
    [InlineData("Status: accepted. Supersedes 0014 (Kestrel) and what [0007](0007-x.md) says. Continues 0003.", "0014 0007")]
    [InlineData("Status: accepted; supersedes the last of what [0006](0006-x.md) rejects.", "0006")]
    [InlineData("Status: accepted. Superseded in part by [0070](0070-x.md).", "")]
    public void Status_Earlier_IsRead(string status, string expected) => string.Join(' ', Earlier(status)).Should().Be(expected);

    private static string StatusOf(string page)
    {
        Match status = Status().Match(File.ReadAllText(Path.Combine(Folder, page)));
        status.Success.Should().BeTrue("{0} says whether it is accepted", page);
        return status.Value;
    }

    /// <summary>Numbers of what a status supersedes.</summary>
    private static IEnumerable<string> Earlier(string status) => Supersedes().Matches(status).SelectMany(static match => Numbers(match.Value)).Distinct(StringComparer.Ordinal);

    /// <summary>Numbers of what supersedes a page, by its own status.</summary>
    private static IEnumerable<string> Later(string status) => Superseded().Matches(status).SelectMany(static match => Numbers(match.Value));

    private static IEnumerable<string> Numbers(string text) => Number().Matches(text).Select(static match => match.Value);

    [GeneratedRegex(@"^\| \[\d{4}\]\((?<page>0[^)]+\.md)\) \| [^|]+ \| ?(?<state>[^|]*) ?\|$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Row();

    [GeneratedRegex(@"^Status: .+(\n.+)*", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Status();

    // A sentence ends at a point; the one in a link does not.
    [GeneratedRegex(@"([Ss]upersedes|Replaces|Takes back)(\([^)]*\)|[^.(])*", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Supersedes();

    [GeneratedRegex(@"Superseded (in part )?by (\([^)]*\)|[^.(])*", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Superseded();

    [GeneratedRegex(@"(?<![\w(/-])\d{4}(?![\w-])", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Number();
}
