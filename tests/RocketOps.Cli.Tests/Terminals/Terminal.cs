using RocketOps.Testing;
using RocketOps.Testing.Processes;
using RocketOps.Testing.Rings;

namespace RocketOps.Cli.Tests.Terminals;

/// <summary>A terminal of a given size with a program in it (tmux): keys go in, what a person would see comes out. Disposal ends the program.</summary>
internal sealed class Terminal : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>Each look starts a program, which takes the time of what is looked at.</summary>
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(100);

    private readonly TempDirectory _folder = new("tmux-");
    private readonly Dictionary<string, string> _environment;

    private Terminal(IReadOnlyDictionary<string, string> environment) => _environment = new Dictionary<string, string>(environment, StringComparer.Ordinal)
    {
        ["LC_ALL"] = "C.UTF-8",
        ["TMUX"] = string.Empty,
    };

    private string Socket => _folder.File("socket");

    /// <summary>Skips the test where a program is missing; on CI it fails.</summary>
    public static void Require(params string[] programs)
    {
        string[] missing = [.. programs.Prepend("tmux").Where(static program => !(Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, program))))];
        string? reason = RingRules.Current.WhySkip(ring: null, missing.Length == 0 ? null : $"not on the PATH: {string.Join(", ", missing)}");
        Skip.If(reason is not null, reason);
    }

    /// <param name="width">Columns.</param>
    /// <param name="height">Rows.</param>
    /// <param name="environment">Variables of the program beside those of the tests.</param>
    /// <param name="command">For a shell.</param>
    public static async Task<Terminal> StartAsync(int width, int height, IReadOnlyDictionary<string, string> environment, string command)
    {
        Terminal terminal = new(environment);
        try
        {
            // Started and left by a client that ends: the server is a process of its own, ended by kill-server.
            await terminal.TmuxAsync("-f", "/dev/null", "-u", "new-session", "-d", "-s", "test", "-x", $"{width}", "-y", $"{height}", command);
            return terminal;
        }
        catch
        {
            await terminal.DisposeAsync();
            throw;
        }
    }

    /// <summary>Types a text as it is.</summary>
    public Task TypeAsync(string text) => TmuxAsync("send-keys", "-t", "test", "-l", text);

    /// <summary>Presses a key by tmux's name: <c>Enter</c>, <c>Tab</c>, <c>C-c</c>.</summary>
    public Task PressAsync(string key) => TmuxAsync("send-keys", "-t", "test", key);

    public Task ResizeAsync(int width, int height) => TmuxAsync("resize-window", "-t", "test", "-x", $"{width}", "-y", $"{height}");

    /// <summary>The rows of the window, blanks at their ends left out.</summary>
    public async Task<string[]> RowsAsync() => [.. (await TmuxAsync("capture-pane", "-t", "test", "-p")).Split('\n').Select(static row => row.TrimEnd())];

    /// <summary>The rows with those that went off the top of the first screen.</summary>
    public Task<string> HistoryAsync() => TmuxAsync("capture-pane", "-t", "test", "-p", "-J", "-S", "-");

    /// <summary>A value of the terminal by tmux's name of it, such as <c>cursor_flag</c>.</summary>
    public async Task<string> ValueAsync(string name) => (await TmuxAsync("display-message", "-t", "test", "-p", $"#{{{name}}}")).Trim();

    /// <summary>Waits until the window shows what is wanted; past the deadline what it shows is in the exception.</summary>
    public async Task<string[]> ShowsAsync(Func<string[], bool> isWanted, string what, TimeSpan deadline)
    {
        string[] rows = [];
        try
        {
            await Eventually.TrueAsync(
                async () =>
                {
                    if (isWanted(rows = await RowsAsync()))
                    {
                        return true;
                    }

                    await Task.Delay(BetweenLooks);
                    return false;
                },
                what,
                deadline);
        }
        catch (Exception late)
        {
            throw new TimeoutException($"the terminal does not show {what}:\n{string.Join('\n', rows)}", late);
        }

        return rows;
    }

    public async ValueTask DisposeAsync()
    {
        // Without a server there is nothing to end.
        await ChildProcess.RunAsync("tmux", ["-S", Socket, "kill-server"], Patience, _environment);
        _folder.Dispose();
    }

    private async Task<string> TmuxAsync(params string[] arguments)
    {
        ProcessResult result = await ChildProcess.RunAsync("tmux", ["-S", Socket, .. arguments], Patience, _environment);
        result.EnsureSuccess();
        return result.Output;
    }
}
