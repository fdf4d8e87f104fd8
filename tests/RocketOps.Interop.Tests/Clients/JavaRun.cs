using System.Text;
using RocketOps.Testing.Processes;

namespace RocketOps.Interop.Tests.Clients;

/// <summary>A command that runs in a <see cref="JavaHost"/>, like a program of its own. Disposal stops it.</summary>
internal sealed class JavaRun(JavaHost host, long id, string commandLine) : IAsyncDisposable
{
    private static readonly TimeSpan StopPatience = TimeSpan.FromMinutes(3);

    private readonly StringBuilder _output = new();
    private readonly TaskCompletionSource<int> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string _error = string.Empty;

    /// <summary>What it printed so far, in whole lines.</summary>
    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    public string Error => _error;

    public bool HasExited => _end.Task.IsCompleted;

    /// <summary>Its end; past the deadline what it said is in the exception, and it is stopped by its disposal.</summary>
    public async Task<ProcessResult> WaitAsync(TimeSpan deadline)
    {
        try
        {
            return new ProcessResult(commandLine, await _end.Task.WaitAsync(deadline), Output, Error);
        }
        catch (TimeoutException exception)
        {
            throw new TimeoutException($"not ended within {deadline.TotalSeconds:0} s: {commandLine}\n{Output}", exception);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!HasExited)
        {
            host.Stop(id);
            await WaitAsync(StopPatience);
        }
    }

    internal void Hear(string line)
    {
        lock (_output)
        {
            _output.Append(line).Append('\n');
        }
    }

    internal void End(int code, string error)
    {
        _error = error;
        _end.TrySetResult(code);
    }
}
