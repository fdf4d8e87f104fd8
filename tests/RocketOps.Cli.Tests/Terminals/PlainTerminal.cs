using System.Diagnostics;
using System.Text;
using RocketOps.Testing;
using RocketOps.Testing.Rings;

namespace RocketOps.Cli.Tests.Terminals;

/// <summary>
/// A program at a terminal of its own, by <c>script</c> of util-linux, which nearly every machine has: keys go in, and all that is written comes out as it is, codes and all. For what needs no window; see
/// <see cref="Terminal"/> for one. Disposal ends the program.
/// </summary>
internal sealed class PlainTerminal : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly Task _reading;

    private PlainTerminal(Process process)
    {
        _process = process;
        _reading = ReadAsync();
    }

    private string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    /// <summary>Skips the test where the program is missing; on CI it fails.</summary>
    public static void Require()
    {
        bool isThere = (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(Path.PathSeparator).Any(static folder => File.Exists(Path.Combine(folder, "script")));
        string? reason = RingRules.Current.WhySkip(ring: null, isThere ? null : "not on the PATH: script");
        Skip.If(reason is not null, reason);
    }

    /// <param name="environment">Variables of the program beside those of the tests.</param>
    /// <param name="command">For a shell; it becomes the one process at the terminal.</param>
    public static PlainTerminal Start(IReadOnlyDictionary<string, string> environment, string command)
    {
        // Tests that a script runs in the background ignore Ctrl-C, and whatever they start inherits it: at a terminal it does not.
        ProcessStartInfo info = new("script", ["-qefc", $"stty rows 30 cols 100; exec env --default-signal=INT {command}", "/dev/null"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        foreach ((string key, string value) in environment)
        {
            info.Environment[key] = value;
        }

        info.Environment["SHELL"] = "/bin/sh";
        info.Environment["TERM"] = "xterm";
        return new PlainTerminal(Process.Start(info)!);
    }

    /// <summary>Types a text as it is; <c>\x03</c> is Ctrl-C, <c>\x04</c> Ctrl-D at the beginning of a line.</summary>
    public async Task TypeAsync(string keys)
    {
        await _process.StandardInput.WriteAsync(keys);
        await _process.StandardInput.FlushAsync();
    }

    /// <summary>Waits until it has been written.</summary>
    public async Task WroteAsync(string text, TimeSpan deadline)
    {
        try
        {
            await Eventually.TrueAsync(() => Output.Contains(text, StringComparison.Ordinal), $"it writes {text}", deadline);
        }
        catch (Exception late)
        {
            throw new TimeoutException($"the terminal does not show {text}:\n{Output}", late);
        }
    }

    /// <summary>Of the program, with all that was written.</summary>
    public async Task<(int Code, string Output)> EndAsync(TimeSpan deadline)
    {
        using CancellationTokenSource late = new(deadline);
        try
        {
            await _process.WaitForExitAsync(late.Token);
        }
        catch (OperationCanceledException timeout)
        {
            throw new TimeoutException($"the program does not end:\n{Output}", timeout);
        }

        await _reading;
        return (_process.ExitCode, Output);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }

        await _reading;
        _process.Dispose();
    }

    private async Task ReadAsync()
    {
        char[] read = new char[4096];
        int count;
        while ((count = await _process.StandardOutput.ReadAsync(read)) > 0)
        {
            lock (_output)
            {
                _output.Append(read, 0, count);
            }
        }
    }
}
