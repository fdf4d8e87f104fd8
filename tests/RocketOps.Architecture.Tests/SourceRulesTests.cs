using System.Text.RegularExpressions;
using RocketOps.Testing;

namespace RocketOps.Architecture.Tests;

/// <summary>Rules for product code that no analyzer here checks. Each names what to do instead.</summary>
public sealed partial class SourceRulesTests
{
    private static readonly string[] ProductFolders = ["remoting", "nameserver", "broker", "client", "operator", "cli"];

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

    private static List<string> Offences(Regex rule, Func<string, bool>? applies = null)
    {
        List<string> offences = [];
        foreach (string file in ProductFolders.SelectMany(folder =>
            Directory.EnumerateFiles(Path.Combine(SharedKits.RepositoryRoot, folder), "*.cs", SearchOption.AllDirectories)))
        {
            string relative = Path.GetRelativePath(SharedKits.RepositoryRoot, file);
            if (relative.Contains("/obj/", StringComparison.Ordinal) || relative.Contains("/bin/", StringComparison.Ordinal))
            {
                continue;
            }

            string text = File.ReadAllText(file);
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
