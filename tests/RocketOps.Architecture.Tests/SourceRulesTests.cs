using System.Text.RegularExpressions;
using RocketOps.Testing;

namespace RocketOps.Architecture.Tests;

/// <summary>Rules for product code that no analyzer here checks. Each names what to do instead.</summary>
public sealed partial class SourceRulesTests
{
    private static readonly string[] ProductFolders = ["protocol", "hosting", "remoting", "nameserver", "broker", "client", "kube", "operator", "laptop", "cli"];

    private const int MostLongLines = 6158;

    [Fact]
    public void Product_NeverBlocksOnTasksOrSleeps()
    {
        Offences(Blocking()).Should().BeEmpty("await instead; a thread of the pool or of a socket must not wait");
        Offences(Waiting(), text => !text.Contains("new Thread(", StringComparison.Ordinal))
            .Should().BeEmpty("only a file that starts a thread of its own may make it wait");
    }

    [Fact]
    public void Product_HasNoAsyncVoid()
    {
        Offences(AsyncVoid()).Should().BeEmpty("return a task somebody observes");
    }

    [Fact]
    public void Product_TakesTimeFromTimeProvider()
    {
        Offences(WallClock()).Should().BeEmpty("take a TimeProvider, so that tests can bend time");
    }

    [Fact]
    public void Product_HasNoCatchWithoutReaction()
    {
        Offences(EmptyCatch()).Should().BeEmpty("nothing is swallowed: say in the block why it is harmless");
    }

    [Fact]
    public void Product_HasNoStaticStateThatChanges()
    {
        Offences(StaticState()).Should().BeEmpty("what one cluster, connection or test does must not reach another: make it a member of whoever owns it");
    }

    [Theory]
    [InlineData("    private static int _count;")]
    [InlineData("    internal static Dictionary<string, int?> Known = new();")]
    [InlineData("    public static string? Name { get; set; }")]
    [InlineData("    private static volatile bool _done;")]
    public void StaticState_IsFound(string line) => StaticState().IsMatch(line).Should().BeTrue();

    [Theory]
    [InlineData("    private static readonly int Count = 1;")]
    [InlineData("    public static string Name => \"a\";")]
    [InlineData("    public static string Name { get; } = \"a\";")]
    [InlineData("    private static int Count(int of) => of;")]
    [InlineData("    public static bool operator ==(A left, A right) => true;")]
    [InlineData("    [ThreadStatic]\n    private static int _count;")]
    public void StaticState_ThatStays_IsNotFound(string line) => StaticState().IsMatch(line).Should().BeFalse();

    [Fact]
    public void Product_EventIds_TellOneEventEach()
    {
        IReadOnlyList<(string Path, string Text)> sources = [.. Sources()];
        int ids = sources.Sum(static source => EventId().Count(source.Text));
        ids.Should().BeGreaterThan(200).And.Be(sources.Sum(static source => LogLine().Count(source.Text)), "every line of a log begins [LoggerMessage(EventId = N, Level = …, Message = …, where the level is not the caller's");
        IEnumerable<string> shared = sources
            .SelectMany(static source => EventId().Matches(source.Text).Select(match => (Id: match.Value, source.Path)))
            .GroupBy(static line => line.Id, StringComparer.Ordinal)
            .Where(static lines => lines.Count() > 1)
            .Select(static lines => $"{lines.Key}: {string.Join(", ", lines.Select(static line => line.Path))}");

        shared.Should().BeEmpty("whoever watches a log by its ids must not take one event for another; take a free number");
    }

    /// <summary>A ratchet: whoever shortens a hundred of them takes the number down.</summary>
    [Fact]
    public void Product_LinesOver140Characters_BecomeFewer() =>
        Sources().Sum(static source => source.Text.Split('\n').Count(static line => line.Length > 140)).Should().BeInRange(MostLongLines - 100, MostLongLines, "what is new fits into 140 characters");

    [Fact]
    public void Product_Summaries_BeginWithTheirSubject() =>
        Offences(SummaryWithoutNoun()).Should().BeEmpty("a summary begins with what a thing is, or with what a method does");

    [Theory]
    [InlineData("/// <summary>What who wants to settle a half is told.</summary>", 1)]
    [InlineData("/// <summary>\n    /// Of the group, or null.\n    /// </summary>", 1)]
    [InlineData("/// <summary>Result of a claim on a half message.</summary>", 0)]
    [InlineData("/// <summary>Whole small files.</summary>", 0)]
    public void SummaryWithoutNoun_IsFound(string text, int count) => SummaryWithoutNoun().Count(text).Should().Be(count);

    private static List<string> Offences(Regex rule, Func<string, bool>? applies = null)
    {
        List<string> offences = [];
        foreach ((string relative, string text) in Sources())
        {
            if (applies is not null && !applies(text))
            {
                continue;
            }

            foreach (ValueMatch match in rule.EnumerateMatches(text))
            {
                int line = text.AsSpan(0, match.Index).Count('\n') + 1;
                offences.Add($"{relative}:{line}: {text.AsSpan(match.Index, match.Length)}");
            }
        }

        return offences;
    }

    private static IEnumerable<(string Path, string Text)> Sources() => ProductFolders
        .SelectMany(static folder => Directory.EnumerateFiles(Path.Combine(SharedKits.RepositoryRoot, folder), "*.cs", SearchOption.AllDirectories))
        .Select(static file => (Path: Path.GetRelativePath(SharedKits.RepositoryRoot, file), File: file))
        .Where(static file => !file.Path.Contains("/obj/", StringComparison.Ordinal) && !file.Path.Contains("/bin/", StringComparison.Ordinal))
        .Select(static file => (file.Path, File.ReadAllText(file.File)));

    [GeneratedRegex(
        @"<summary>\s*(///\s*)?(What|Who|Whoever|Of|As|Whether|Where|How|When|For|Why|By|In|That|From|With|To|At|Beside|Without|Before|After) ",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 10_000)]
    private static partial Regex SummaryWithoutNoun();

    /// <summary>Fields, and properties with a setter; what is a thread's own (<c>[ThreadStatic]</c>) is nobody else's.</summary>
    [GeneratedRegex(
        @"(?<!\[ThreadStatic\]\s*)^[ \t]*((public|private|internal|protected|new) )*static (volatile )?(?!readonly |event |partial )[\w.]+(<[^;={}()]*>)?[?\[\]]* (?!operator )\w+(;| =[^>]| \{ get; (private |internal )?set; \})",
        RegexOptions.ExplicitCapture | RegexOptions.Multiline,
        matchTimeoutMilliseconds: 10_000)]
    private static partial Regex StaticState();

    [GeneratedRegex(@"\[LoggerMessage\(", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex LogLine();

    [GeneratedRegex(@"(?<=\[LoggerMessage\()EventId = \d+(?=(, Level = LogLevel\.\w+)?, Message = )", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex EventId();

    [GeneratedRegex(@"Thread\.Sleep\(|\.GetAwaiter\(\)\.GetResult\(\)|\bTask\.WaitA(ll|ny)\(", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Blocking();

    [GeneratedRegex(@"\.(Wait|WaitOne)\(", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Waiting();

    [GeneratedRegex(@"\basync void\b", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex AsyncVoid();

    [GeneratedRegex(@"\bDateTime(Offset)?\.(Utc)?Now\b", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex WallClock();

    [GeneratedRegex(@"catch\s*(\([^)]*\))?\s*(when\s*\([^\n]*\)\s*)?\{\s*\}", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex EmptyCatch();
}
