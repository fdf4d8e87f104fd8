using System.Diagnostics;
using System.Text;

namespace RocketOps.Testing.Processes;

/// <summary>A program started by a test: its output is kept, and disposal ends it with everything it started.</summary>
public sealed class ChildProcess : IAsyncDisposable
{
    /// <summary>Given to every program: <c>rocketops</c>, which alone knows it, is then as patient as a test is, not as a person at a machine that does nothing else.</summary>
    public static readonly KeyValuePair<string, string> PatienceVariable = new("ROCKETOPS_PATIENCE", "300");

    private const int MaxOutputChars = 16 * 1024 * 1024;

    private readonly Process _process;
    private bool _isDisposed;
    private readonly string _commandLine;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _error = new();

    private ChildProcess(Process process, string commandLine)
    {
        _process = process;
        _commandLine = commandLine;
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>What standard output held so far.</summary>
    public string Output => Snapshot(_output);

    /// <summary>What standard error held so far.</summary>
    public string Error => Snapshot(_error);

    /// <summary>Starts a program.</summary>
    /// <param name="program">Its path, or its name on the PATH.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="environment">Variables beside those of the tests.</param>
    /// <param name="workingDirectory">Its folder; null for that of the tests.</param>
    /// <param name="onLine">Called with each line of standard output as it comes, by a thread of the pool.</param>
    public static ChildProcess Start(
        string program,
        IEnumerable<string> arguments,
        IReadOnlyDictionary<string, string>? environment = null,
        string? workingDirectory = null,
        Action<string>? onLine = null)
    {
        ProcessStartInfo info = new(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = workingDirectory ?? string.Empty,
        };
        info.Environment[PatienceVariable.Key] = PatienceVariable.Value;
        foreach ((string key, string value) in environment ?? new Dictionary<string, string>(StringComparer.Ordinal))
        {
            info.Environment[key] = value;
        }

        Process process = new() { StartInfo = info };
        ChildProcess child = new(process, $"{program} {string.Join(' ', info.ArgumentList)}");
        process.OutputDataReceived += (_, line) =>
        {
            Append(child._output, line.Data);
            if (line.Data is { } text)
            {
                onLine?.Invoke(text);
            }
        };
        process.ErrorDataReceived += (_, line) => Append(child._error, line.Data);
        process.Start();
        process.StandardInput.Close();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return child;
    }

    /// <summary>Runs a program to its end; past the deadline it is ended and what it said is in the exception.</summary>
    public static async Task<ProcessResult> RunAsync(
        string program,
        IEnumerable<string> arguments,
        TimeSpan deadline,
        IReadOnlyDictionary<string, string>? environment = null,
        string? workingDirectory = null)
    {
        await using ChildProcess child = Start(program, arguments, environment, workingDirectory);
        return await child.WaitAsync(deadline);
    }

    public async Task<ProcessResult> WaitAsync(TimeSpan deadline)
    {
        using CancellationTokenSource timeout = new(deadline);
        try
        {
            await _process.WaitForExitAsync(timeout.Token);
        }
        catch (OperationCanceledException exception)
        {
            throw new TimeoutException($"not ended within {deadline.TotalSeconds:0} s: {_commandLine}\n{Output}\n{Error}", exception);
        }

        return new ProcessResult(_commandLine, _process.ExitCode, Output, Error);
    }

    /// <summary>SIGKILL, at once, to this process alone.</summary>
    public void Kill() => _process.Kill();

    /// <summary>Asks the process to end as a service manager does.</summary>
    public void Terminate() => Signals.Terminate(_process.Id);

    /// <summary>SIGSTOP: on return it stands still, with its connections open, until <see cref="Resume"/>. Its threads run on until the one that the signal was given to has been scheduled, on a busy machine for milliseconds.</summary>
    public Task SuspendAsync()
    {
        Signals.Suspend(_process.Id);
        return Eventually.TrueAsync(() => ThreadStates.Of(_process.Id).All(static state => state == ThreadStates.Stopped), $"it stands still: {_commandLine}");
    }

    public void Resume() => Signals.Resume(_process.Id);

    /// <summary>Ends the process if it runs. A second call does nothing.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private static void Append(StringBuilder text, string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (text)
        {
            if (text.Length < MaxOutputChars)
            {
                text.AppendLine(line);
            }
        }
    }

    private static string Snapshot(StringBuilder text)
    {
        lock (text)
        {
            return text.ToString();
        }
    }
}
