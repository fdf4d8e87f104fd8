using System.Buffers;
using System.Diagnostics;
using RocketOps.Embedded.Kubelet.Logs;

namespace RocketOps.Embedded.Kubelet.Processes;

/// <summary>
/// A running child. Its standard input is a pipe that this process holds open and never writes to: our programs take
/// its end as the order to stop, and so end with their parent even when that is killed (decision 0012).
/// </summary>
internal sealed class ContainerProcess : IDisposable
{
    private readonly Process _process;
    private readonly ProcessSignals _signals;
    private readonly ProcessLedger _ledger;
    private readonly ContainerLog _log;
    private readonly TimeSpan _drainTimeout;
    private readonly TimeProvider _time;

    private ContainerProcess(Process process, ProcessLedger ledger, ContainerLog log, TimeSpan drainTimeout, TimeProvider time)
    {
        _process = process;
        _ledger = ledger;
        _log = log;
        _drainTimeout = drainTimeout;
        _time = time;
        _signals = new ProcessSignals(process.Id, () => !process.HasExited);
        Id = process.Id;
        Exited = WaitAsync();
    }

    public int Id { get; }

    /// <summary>Completes with the exit code (128 + n after signal n) when the process has ended and its output is in the log.</summary>
    public Task<int> Exited { get; }

    /// <summary>The last line it has said (<see cref="ContainerLog.LastLine"/>).</summary>
    public string LastLine => _log.LastLine;

    /// <summary>
    /// Starts the program. Throws Win32Exception when it cannot be executed; when it cannot be put on record (IOException, UnauthorizedAccessException)
    /// it has been killed: a second start must not meet it on the same store.
    /// </summary>
    public static async Task<ContainerProcess> StartAsync(
        ProcessLaunch launch, ContainerLog log, ProcessLedger ledger, TimeSpan drainTimeout, TimeProvider time)
    {
        ProcessStartInfo info = new(launch.FileName, launch.Arguments)
        {
            WorkingDirectory = launch.WorkingDirectory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        info.Environment.Clear();
        foreach ((string name, string value) in launch.Environment)
        {
            info.Environment[name] = value;
        }

        Process process = Process.Start(info) ?? throw new InvalidOperationException($"{launch.FileName} was not started.");
        try
        {
            if (ProcessIdentity.Of(process.Id) is { } identity)
            {
                // Null when it has ended already: then there is nothing to find later.
                ledger.Add(identity, launch.FileName);
            }

            return new ContainerProcess(process, ledger, log, drainTimeout, time);
        }
        catch
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
            ledger.Remove(process.Id);
            process.Dispose();
            throw;
        }
    }

    /// <summary>Asks the process to stop.</summary>
    public void RequestStop()
    {
        if (!Exited.IsCompleted)
        {
            _signals.Send(NativeMethods.SigTerm);
        }
    }

    public void Kill() => _process.Kill(entireProcessTree: true);

    public void Dispose()
    {
        _signals.Dispose();
        _process.Dispose();
    }

    private async Task<int> WaitAsync()
    {
        Task output = Task.WhenAll(
            PumpAsync(_process.StandardOutput.BaseStream, LogChannel.Stdout),
            PumpAsync(_process.StandardError.BaseStream, LogChannel.Stderr));
        await _process.WaitForExitAsync();
        await Task.WhenAny(output, Task.Delay(_drainTimeout, _time));
        _log.Complete();
        _ledger.Remove(Id);
        return _process.ExitCode;
    }

    private async Task PumpAsync(Stream pipe, LogChannel channel)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(32 * 1024);
        try
        {
            int read;
            while ((read = await pipe.ReadAsync(buffer)) > 0)
            {
                _log.Append(channel, buffer.AsSpan(0, read));
            }
        }
        catch (Exception closed) when (closed is IOException or ObjectDisposedException)
        {
            // Disposed with the process while a grandchild still held the pipe.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}

/// <summary>Everything a container's process is started with.</summary>
internal sealed record ProcessLaunch(
    string FileName, IReadOnlyList<string> Arguments, IReadOnlyDictionary<string, string> Environment, string WorkingDirectory);
