using System.Text.RegularExpressions;
using RocketOps.Testing;

namespace RocketOps.Architecture.Tests;

/// <summary>The page that says which test proves what is expected of an operator speaks of tests that exist.</summary>
public sealed partial class OperatorRowsTests
{
    private static readonly string Page = Path.Combine(SharedKits.RepositoryRoot, "docs", "operator-rows.md");

    [Fact]
    public void Rows_NameTestsThatExist()
    {
        HashSet<string> tests = [.. Directory.EnumerateFiles(Path.Combine(SharedKits.RepositoryRoot, "tests"), "*Tests.cs", SearchOption.AllDirectories)
            .Where(static file => IsTest().IsMatch(File.ReadAllText(file))).Select(static file => Path.GetFileNameWithoutExtension(file))];

        IEnumerable<string> unknown = Rows().SelectMany(static row => Name().Matches(row.Proof).Select(match => (row.Row, Test: match.Groups["name"].Value)))
            .Where(named => !tests.Contains(named.Test)).Select(static named => $"{named.Row}: {named.Test}");

        unknown.Should().BeEmpty("a test that was renamed or removed leaves its row without a proof");
    }

    [Fact]
    public void Rows_HaveAProofOrSayWhatIsOpen()
    {
        Rows().Should().HaveCountGreaterThan(70, "else nothing was looked at");
        Rows().Where(static row => row.Row.Length == 0 || (!Name().IsMatch(row.Proof) && row.Open.Length == 0)).Should().BeEmpty();
    }

    private static IEnumerable<(string Row, string Proof, string Open)> Rows() => File.ReadLines(Page)
        .Where(static line => line.StartsWith("| ", StringComparison.Ordinal) && !line.StartsWith("| ---", StringComparison.Ordinal) && !line.StartsWith("| row ", StringComparison.Ordinal))
        .Select(static line => line.Split('|', StringSplitOptions.TrimEntries))
        .Select(static cells => (cells[1], cells[3], cells[4]));

    [GeneratedRegex("`(?<name>[A-Za-z]+)`", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Name();

    [GeneratedRegex(@"\[(Skippable)?(Fact|Theory)\]", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex IsTest();
}
