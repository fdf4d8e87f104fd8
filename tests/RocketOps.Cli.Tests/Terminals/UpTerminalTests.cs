using RocketOps.Testing;
using RocketOps.Testing.Processes;
using RocketOps.Testing.Rings;

namespace RocketOps.Cli.Tests.Terminals;

/// <summary><c>rocketops up</c> as a person sees it, in windows of three sizes that change while it runs.</summary>
[Trait("ring", RingRules.Programs)]
public sealed class UpTerminalTests
{
    private const string Head = "RocketOps on this machine";
    private const string Stop = "Ctrl-C stops";
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(5);
    private static readonly (int Width, int Height)[] Sizes = [(60, 20), (80, 24), (200, 50)];
    private static readonly string Quickstart = Path.Combine(SharedKits.RepositoryRoot, "deploy", "samples", "quickstart.yaml");

    [SkippableFact]
    public async Task Up_AtATerminal_ShowsAllAtEverySizeAndRestoresIt()
    {
        Terminal.Require();
        using TempDirectory folder = new();
        string program = Programs.RocketOps;
        await using Terminal terminal = await Terminal.StartAsync(
            Sizes[0].Width, Sizes[0].Height, Environment(folder), $"stty -g > \"$DATA.before\"; echo BEFORE; '{program}' up '{Quickstart}' --data \"$DATA\"; echo \"ENDED $?\"; stty -g > \"$DATA.after\"; exec cat");

        await terminal.ShowsAsync(static rows => HasOnce(rows, Stop), "how to stop, before anything is ready", Deadline);
        foreach ((int width, int height) in Sizes)
        {
            await terminal.ResizeAsync(width, height);
            string[] rows = await terminal.ShowsAsync(rows => IsWhole(rows, width, height), $"the whole state in {width} × {height}", Deadline);
            rows[0].Should().StartWith(Head);
            (await terminal.ValueAsync("alternate_on")).Should().Be("1", "what was there before is kept");
        }

        await terminal.PressAsync("C-c");

        await terminal.ShowsAsync(static rows => rows.Contains("ENDED 0"), "the end of the program", Deadline);
        (await terminal.ValueAsync("alternate_on")).Should().Be("0");
        (await terminal.ValueAsync("cursor_flag")).Should().Be("1", "the cursor is back");
        (await terminal.ValueAsync("wrap_flag")).Should().Be("1", "long lines are wrapped again");
        string history = await terminal.HistoryAsync();
        history.Should().Contain("BEFORE").And.Contain(Head).And.Contain("quickstart-1-1").And.Contain("clients use 127.0.0.1:").And.Contain("Stopped. The data stays");
        await SettingsAreAsBeforeAsync(folder);
    }

    [SkippableFact]
    public async Task Up_KeyQ_StopsAsCtrlCDoesAndGivesTheTerminalBack()
    {
        Terminal.Require();
        using TempDirectory folder = new();
        string up = await WithoutClusterAsync(folder);
        await using Terminal terminal = await Terminal.StartAsync(
            100, 30, Environment(folder), $"stty -g > \"$DATA.before\"; {up}; echo \"ENDED $?\"; stty -g > \"$DATA.after\"; exec cat");
        await terminal.ShowsAsync(static rows => HasOnce(rows, "q or Ctrl-C stops"), "how to stop", Deadline);

        // No key alone.
        await terminal.TypeAsync("quit, said the queue");
        foreach (string known in (string[])["how long it runs", "that it goes on"])
        {
            string head = (await terminal.RowsAsync())[0];
            await terminal.ShowsAsync(rows => rows[0] != head && HasOnce(rows, "Try next"), known, Deadline);
        }

        await terminal.TypeAsync("q");

        await terminal.ShowsAsync(static rows => rows.Contains("ENDED 0"), "the end of the program", Deadline);
        string history = await terminal.HistoryAsync();
        history.Should().Contain("Stopped. The data stays").And.NotContain("said the queue", "what is typed is not shown on the screen");
        (await terminal.ValueAsync("keypad_cursor_flag")).Should().Be("0", "cursor keys are as before");
        await SettingsAreAsBeforeAsync(folder);
    }

    [SkippableFact]
    public async Task Up_Terminated_GivesTheTerminalBack()
    {
        Terminal.Require();
        using TempDirectory folder = new();
        string up = await WithoutClusterAsync(folder);
        await using Terminal terminal = await Terminal.StartAsync(
            100, 30, Environment(folder), $"stty -g > \"$DATA.before\"; sh -c 'echo $$ > \"$DATA.pid\"; exec {up}'; stty -g > \"$DATA.after\"; exec cat");
        await terminal.ShowsAsync(static rows => HasOnce(rows, "Try next"), "the state", Deadline);

        (await ChildProcess.RunAsync("kill", ["-TERM", (await File.ReadAllTextAsync(folder.File("data.pid"))).Trim()], Deadline)).EnsureSuccess();

        await SettingsAreAsBeforeAsync(folder);
    }

    /// <summary>Who reads a terminal, or sets it, in the background is stopped by the system.</summary>
    [SkippableFact]
    public async Task Up_InTheBackground_GoesOnAndLeavesKeysToTheShell()
    {
        Terminal.Require("bash");
        using TempDirectory folder = new();
        string up = await WithoutClusterAsync(folder);
        await using Terminal terminal = await Terminal.StartAsync(100, 30, Environment(folder), "bash --norc --noprofile -i");

        await terminal.TypeAsync($"{up} &");
        await terminal.PressAsync("Enter");
        await terminal.ShowsAsync(static rows => HasOnce(rows, "Try next"), "the state", Deadline);
        await terminal.TypeAsync("q");
        await terminal.PressAsync("C-u");
        await terminal.TypeAsync("jobs > $DATA.jobs; kill -TERM %1; wait %1; echo $? > $DATA.code");
        await terminal.PressAsync("Enter");

        await Eventually.TrueAsync(() => File.Exists(folder.File("data.code")) && new FileInfo(folder.File("data.code")).Length > 0, "the shell has waited for the end", Deadline);
        (await File.ReadAllTextAsync(folder.File("data.code"))).Trim().Should().Be("0");
        (await File.ReadAllTextAsync(folder.File("data.jobs"))).Should().Contain("Running");
    }

    [SkippableFact]
    public async Task Up_DemoFails_KeepsTheClusterAndEndsWithOne()
    {
        Terminal.Require();
        using TempDirectory folder = new();
        string up = await WithoutClusterAsync(folder);
        await using Terminal terminal = await Terminal.StartAsync(
            100, 30, Environment(folder), $"{up} --demo; echo \"ENDED $?\"; exec cat");

        string[] rows = await terminal.ShowsAsync(static rows => HasOnce(rows, "Try next"), "what to try, for all the failed demo", Deadline);
        HasOnce(rows, "demo FAILED: The demo needs a Topic object").Should().BeTrue(string.Join('\n', rows));
        HasOnce(rows, Stop).Should().BeTrue("it runs");

        await terminal.PressAsync("C-c");

        await terminal.ShowsAsync(static rows => rows.Contains("ENDED 1"), "the end of the program", Deadline);
        (await terminal.HistoryAsync()).Should().NotContain("the demo is not finished");
    }

    /// <summary>Cluster, address, members, topics and how to stop, each where it belongs and once: what an older frame left would be there a second time, or below the end.</summary>
    private static bool IsWhole(string[] rows, int width, int height)
    {
        int last = Array.FindLastIndex(rows, static row => row.Length > 0);
        return last < height
            && Array.TrueForAll(rows, row => row.Length <= width)
            && HasOnce(rows, Head)
            && HasOnce(rows, Stop)
            && HasOnce(rows, "default/quickstart  ready")
            && HasOnce(rows, "clients use 127.0.0.1:")
            && HasOnce(rows, "  MEMBER")
            && rows.Count(static row => row.StartsWith("topics", StringComparison.Ordinal)) == 1
            && rows[last].Contains("kubeconfig", StringComparison.Ordinal)
            && (height < 50 || (Array.Exists(rows, static row => row.StartsWith("  quickstart-1-1", StringComparison.Ordinal)) && HasOnce(rows, "quickstart-events  ready  8 queues per group  0 messages  of default/quickstart")));
    }

    /// <summary>The command line for a shell, of a run that has no cluster to start.</summary>
    private static async Task<string> WithoutClusterAsync(TempDirectory folder)
    {
        await File.WriteAllTextAsync(folder.File("other.yaml"), "apiVersion: v1\nkind: Namespace\nmetadata: { name: mq }\n");
        return $"{Programs.RocketOps} up {folder.File("other.yaml")} --data {folder.File("data")}";
    }

    private static Dictionary<string, string> Environment(TempDirectory folder) =>
        new(StringComparer.Ordinal) { ["XDG_RUNTIME_DIR"] = folder.Path, ["NAMESRV_ADDR"] = string.Empty, ["DATA"] = folder.File("data") };

    private static async Task SettingsAreAsBeforeAsync(TempDirectory folder)
    {
        await Eventually.TrueAsync(() => File.Exists(folder.File("data.after")) && new FileInfo(folder.File("data.after")).Length > 0, "the terminal's settings are read", Deadline);
        (await File.ReadAllTextAsync(folder.File("data.after"))).Should().Be(await File.ReadAllTextAsync(folder.File("data.before")), "echo and all else are as before");
    }

    private static bool HasOnce(string[] rows, string text) => rows.Count(row => row.Contains(text, StringComparison.Ordinal)) == 1;
}
