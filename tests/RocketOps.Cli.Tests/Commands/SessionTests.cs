using System.Text;
using System.Text.RegularExpressions;
using RocketOps.Cli.Tests.Support;

namespace RocketOps.Cli.Tests.Commands;

/// <summary>What commands say, success and failure alike, in one session against one broker that begins empty.</summary>
public sealed partial class SessionTests(ClusterFixture cluster) : IClassFixture<ClusterFixture>
{
    [Fact]
    public async Task Session_OfEveryCommand_IsTheSnapshot()
    {
        StringBuilder said = new();
        DateOnly began = Today();
        foreach (string[] words in await CommandLines.ReadAsync("session-lines.txt"))
        {
            CliRun run = await cluster.RunAsync(words);
            said.Append("$ rocketops ").AppendJoin(' ', words).Append('\n').Append(run.Output).Append(run.Error).Append(run.ExitCode == 0 ? "" : $"(exit code {run.ExitCode})\n").Append('\n');
            run.Error.Should().NotContain("   at ", "nobody wants a stack trace");
        }

        string masked = Masked(said.ToString());

        // At midnight the broker begins to count anew.
        await Snapshot.ShouldMatchAsync("session", Today() == began ? masked : MessagesToday().Replace(masked, "${name}6"));
    }

    private static DateOnly Today() => DateOnly.FromDateTime(TimeProvider.System.GetLocalNow().DateTime);

    /// <summary>Without what differs from run to run: addresses, ids, times, sizes of this disk, and the blanks that make columns of them.</summary>
    private static string Masked(string text)
    {
        text = Address().Replace(text, "ADDRESS");
        text = Id().Replace(text, "ID");
        text = Time().Replace(text, "TIME");
        text = Measured().Replace(text, "${name}N");
        text = Uptime().Replace(text, "${row}N");
        text = StatusRow().Replace(text, "${row}N   N");
        text = DiskCell().Replace(text, "${row}N");
        return Blanks().Replace(text, "  ");
    }

    [GeneratedRegex(@"\d+\.\d+\.\d+\.\d+:\d+", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Address();

    [GeneratedRegex(@"\b(?!0{32})[0-9A-F]{32}\b", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Id();

    [GeneratedRegex(@"(\d{4}-\d\d-\d\d[ T])?\d\d:\d\d:\d\d(\.\d+)?([+-]\d\d:\d\d|Z)?", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Time();

    [GeneratedRegex(@"(?<name>""(inTps|outTps|diskUsed)"": |messages? in )[0-9.]+( s, [0-9.]+ a second)?", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Measured();

    // Rates, and how full the disk is, stand behind the protocol's version and before the start.
    [GeneratedRegex(@"(?<row>ADDRESS +\S+ +[0-9.]+ +)[0-9.]+ +[0-9.]+", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex StatusRow();

    // Of a broker that has just started; what stands behind it is the problem it has not.
    [GeneratedRegex(@"(?<row>ADDRESS .* )(\d+[dhms])+(?= +-$)", RegexOptions.ExplicitCapture | RegexOptions.Multiline, 10_000)]
    private static partial Regex Uptime();

    [GeneratedRegex(@"(?<row>(-|A?[Ss]ync) +\d+ +)[0-9.]+(?= +TIME)", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex DiskCell();

    // In the row of the brokers behind their mode; what is compared has 6 there.
    [GeneratedRegex(@"(?<name>""messagesToday"": |A?[Ss]ync +)[0-6]\b", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex MessagesToday();

    // Indentation stays.
    [GeneratedRegex(@"(?<=\S) {2,}", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Blanks();
}
