using RocketOps.Cli.Tests.Commands;
using RocketOps.Cli.Tests.Support;
using RocketOps.Testing;
using RocketOps.Testing.Processes;
using RocketOps.Testing.Rings;

namespace RocketOps.Cli.Tests.Terminals;

/// <summary>The completion scripts in the shells they are for, with the tab key.</summary>
[Collection(nameof(ClusterFixture))]
[Trait("ring", RingRules.Programs)]
public sealed class CompletionTerminalTests(ClusterFixture cluster)
{
    private static readonly TimeSpan Deadline = CliRun.Patience;

    [SkippableTheory]
    [InlineData("bash", "bash --norc --noprofile -i", "source <(rocketops completion bash)")]
    [InlineData("zsh", "zsh -f -i", "autoload -U compinit; compinit -u -D; source <(rocketops completion zsh)")]
    [InlineData("fish", "fish --no-config -i", "rocketops completion fish | source")]
    public async Task Completion_InItsShell_CompletesCommandsOptionsAndTopics(string shell, string start, string load)
    {
        Terminal.Require(shell);
        string topic = $"{shell}-orders";
        (await cluster.RunAsync("topic", "create", topic)).EnsureSuccess();
        using TempDirectory home = new();
        Dictionary<string, string> environment = new(StringComparer.Ordinal)
        {
            ["PATH"] = $"{Path.GetDirectoryName(Programs.RocketOps)}:{Environment.GetEnvironmentVariable("PATH")}",
            ["HOME"] = home.Path,
            ["XDG_CONFIG_HOME"] = home.Path,
            ["NAMESRV_ADDR"] = cluster.Cluster.NameServerAddress,
        };
        await using Terminal terminal = await Terminal.StartAsync(120, 30, environment, start);

        // The sum is in no line that was typed.
        await terminal.TypeAsync($"{load}; expr 41 + 1");
        await terminal.PressAsync("Enter");
        await terminal.ShowsAsync(static rows => rows.Contains("42"), "that the script is loaded", Deadline);

        await CompletesAsync(terminal, "rocketops clus", "rocketops cluster");
        await CompletesAsync(terminal, "rocketops topic desc", "rocketops topic describe");
        await CompletesAsync(terminal, "rocketops topic list --al", "rocketops topic list --all");
        await CompletesAsync(terminal, $"rocketops topic describe {topic[..^4]}", $"rocketops topic describe {topic}");
        await CompletesAsync(terminal, "rocketops topic list -o js", "rocketops topic list -o json");
    }

    /// <summary>Types, presses tab, adds a word, and looks at the line: what a shell only suggests, in grey, is gone then.</summary>
    private static async Task CompletesAsync(Terminal terminal, string typed, string completed)
    {
        await terminal.TypeAsync(typed);
        await terminal.PressAsync("Tab");
        await terminal.ShowsAsync(rows => rows.Any(row => row.EndsWith(completed, StringComparison.Ordinal)), $"{completed} after {typed} and tab", Deadline);
        await terminal.TypeAsync("END");
        await terminal.ShowsAsync(rows => rows.Any(row => row.EndsWith($"{completed} END", StringComparison.Ordinal)), $"{completed} and a blank", Deadline);
        await terminal.PressAsync("C-u");
        await terminal.ShowsAsync(rows => !rows.Any(static row => row.EndsWith("END", StringComparison.Ordinal)), "an empty line", Deadline);
    }
}
