using System.Text.RegularExpressions;
using RocketOps.Testing;

namespace RocketOps.Architecture.Tests;

/// <summary>
/// A page does not say that something is not there yet when another page tells how it is used: features come, and the sentence that denied them stays behind. What is denied is found in each sentence, by the words of the features
/// that have a page of their own.
/// </summary>
public sealed partial class DocsDenyNothingTests
{
    /// <summary>The words by which a sentence speaks of what a page is about.</summary>
    private static readonly Dictionary<string, string[]> Features = new(StringComparer.Ordinal)
    {
        ["batches.md"] = ["batch"],
        ["broadcasting.md"] = ["broadcast"],
        ["broker-configuration.md"] = ["live configuration", "without a restart"],
        ["cli.md"] = ["command line", "dead letters? (are|is|can)"],
        ["embedded-control-plane.md"] = ["rocketops up"],
        ["gitops.md"] = ["Argo", "Flux", "Kustomize"],
        ["kubernetes.md"] = ["Helm", "chart"],
        ["laptop.md"] = ["laptop"],
        ["migrate.md"] = ["migrat"],
        ["ordered.md"] = ["ordered", "in order"],
        ["pull.md"] = ["lite pull", "pull consumer"],
        ["replication.md"] = ["failover", "promote", "elect", "replicat", "slaves?", "copies of (its|their) messages", "disk of their master alone"],
        ["request-reply.md"] = ["request-reply", "request and reply", "replies"],
        ["reset-offsets.md"] = ["reset"],
        ["retries.md"] = ["retries", "dead letters"],
        ["sql-filters.md"] = ["SQL", "filters? by propert"],
        ["static-topics.md"] = ["static topic"],
        ["timers.md"] = ["time of delivery", "timers?", "delayed", "delay levels?", "recall"],
        ["trace.md"] = ["message traces?"],
        ["transactions.md"] = ["transactions?"],
    };

    /// <summary>Pages about no feature that could be denied: how things are done, and what there is.</summary>
    private static readonly HashSet<string> Others = new(StringComparer.Ordinal)
    {
        "README.md", "back-up-and-restore.md", "broken-rules.md", "client.md", "compatibility.md", "connect.md", "folders.md", "name-server.md", "operate.md", "operator-rows.md", "operator.md", "process-kubelet.md", "production.md", "programs.md", "store.md", "testing.md", "what-happens-when.md",
    };

    private static string Root => SharedKits.RepositoryRoot;

    private static string Docs => Path.Combine(Root, "docs");

    [Fact]
    public void Pages_OfTheRepository_DenyNoFeatureThatHasAPage()
    {
        List<string> denials = [];
        int sentences = 0;
        foreach (string page in Pages())
        {
            string[] lines = File.ReadAllLines(page);
            for (int line = 0; line < lines.Length; line++)
            {
                sentences += Sentences(lines[line]).Length;
                denials.AddRange(Denials(lines[line]).Select(denied => $"{Path.GetRelativePath(Root, page)}:{line + 1} denies what {denied.Page} is about: {denied.Sentence.Trim()}"));
            }
        }

        denials.Should().BeEmpty("a reader believes the first page that speaks of it");
        sentences.Should().BeGreaterThan(1_000, "else nothing was looked at");
    }

    /// <summary>Whoever adds a page says by which words others speak of it.</summary>
    [Fact]
    public void Features_OfAllPages_AreKnown() =>
        Directory.GetFiles(Docs, "*.md").Select(Path.GetFileName).Should().BeEquivalentTo(Features.Keys.Concat(Others), "each page is a feature's, with its words, or among the others");

    [Theory]
    [InlineData("A slave copies its master; nobody is promoted by itself yet.", "replication.md")]
    [InlineData("| Failover: another member becomes master | not yet |", "replication.md")]
    [InlineData("Messages are on the disk of their master alone in this version", "replication.md")]
    [InlineData("our library does not send to static topics or read them yet", "static-topics.md")]
    [InlineData("Transactions are not supported.", "transactions.md")]
    public void Denials_OfWhatIsThere_AreFound(string line, string page) => Denials(line).Should().ContainSingle().Which.Page.Should().Be(page);

    [Theory]
    [InlineData("| POP and gRPC, ACL, TLS | not yet |")]
    [InlineData("A topic that does not exist yet has no consumer: create it first.")]
    [InlineData("Ordered messages, as long as one broker has them. From outside there is no way in yet.")]
    public void Denials_OfWhatIsNotThere_AreNone(string line) => Denials(line).Should().BeEmpty();

    private static IEnumerable<string> Pages() =>
        Directory.GetFiles(Docs, "*.md").Append(Path.Combine(Root, "README.md")).Append(Path.Combine(Root, "charts", "rocketops", "README.md")).Where(File.Exists);

    private static IEnumerable<(string Page, string Sentence)> Denials(string line) =>
        from sentence in Sentences(line)
        where Denial().IsMatch(sentence)
        from feature in Features
        where feature.Value.Any(word => Regex.IsMatch(sentence, $@"\b{word}", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, TimeSpan.FromSeconds(10)))
        select (feature.Key, sentence);

    /// <summary>The row of a table is one: its cells speak of each other.</summary>
    private static string[] Sentences(string line) => line.StartsWith('|') && CellEnds().IsMatch(line) ? [line] : SentenceEnd().Split(line);

    /// <summary>A whole answer in the last cell.</summary>
    [GeneratedRegex(@"\|\s*(not yet|no|not in this version|planned)\s*\|?\s*$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex CellEnds();

    [GeneratedRegex(@"\|\s*(not yet|no|planned)\s*\|?\s*$|\bin this version\b|\bnot (supported|implemented|there yet)\b|\bfor now\b|\b(no|not|nobody|nothing|none|cannot|does not|do not)\b[^.;|]{0,80}\byet\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Denial();

    [GeneratedRegex(@"(?<=[.;:?!])\s+|\s\|\s", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex SentenceEnd();
}
