using System.Runtime.InteropServices;

namespace RocketOps.Cli.Running;

/// <summary>Ctrl-C, SIGTERM and <see cref="Stop"/> as a token. After one of them the next signal ends the process at once, as everybody expects.</summary>
internal sealed class StopSignals : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly List<PosixSignalRegistration> _registrations = [];

    public StopSignals()
    {
        foreach (PosixSignal signal in (ReadOnlySpan<PosixSignal>)[PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP])
        {
            _registrations.Add(PosixSignalRegistration.Create(signal, OnSignal));
        }
    }

    public CancellationToken Token => _stop.Token;

    /// <summary>Stops as Ctrl-C does.</summary>
    public void Stop() => _stop.Cancel();

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
        {
            registration.Dispose();
        }
    }

    /// <summary>Also for a signal that is being told while the registrations end, as the first of two that heard it may end the program: it is taken all the same, so the source stays.</summary>
    internal void OnSignal(PosixSignalContext context)
    {
        if (!_stop.IsCancellationRequested)
        {
            context.Cancel = true;
            _stop.Cancel();
        }
    }
}
