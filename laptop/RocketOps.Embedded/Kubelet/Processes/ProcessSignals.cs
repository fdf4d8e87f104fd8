using Microsoft.Win32.SafeHandles;

namespace RocketOps.Embedded.Kubelet.Processes;

/// <summary>
/// Sends signals to one process and never to another that got its id later. On Linux it holds a descriptor of the process; elsewhere, and on kernels
/// before 5.3, the caller's check that the process still runs and the signal are two steps.
/// </summary>
internal sealed class ProcessSignals : IDisposable
{
    private readonly int _id;
    private readonly Func<bool> _isRunning;
    private readonly SafeFileHandle? _descriptor;

    /// <param name="id">The process id.</param>
    /// <param name="isRunning">Whether the process that is meant still runs under that id. Asked after the descriptor was opened: only then do they name the same process.</param>
    public ProcessSignals(int id, Func<bool> isRunning)
    {
        _id = id;
        _isRunning = isRunning;
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        int descriptor = NativeMethods.OpenPidFd(id);
        if (descriptor >= 0)
        {
            _descriptor = new SafeFileHandle(descriptor, ownsHandle: true);
        }

        if (!isRunning())
        {
            _descriptor?.Dispose();
        }
    }

    /// <summary>Sends the signal; a process that has ended gets none, nor does one that is not ours to signal.</summary>
    public void Send(int signal)
    {
        if (_descriptor is null || !OperatingSystem.IsLinux())
        {
            if (_isRunning())
            {
                _ = NativeMethods.Kill(_id, signal);
            }

            return;
        }

        bool isHeld = false;
        try
        {
            _descriptor.DangerousAddRef(ref isHeld);
            _ = NativeMethods.SignalPidFd((int)_descriptor.DangerousGetHandle(), signal);
        }
        catch (ObjectDisposedException)
        {
            // It had ended before the descriptor was opened, or nobody needs it any more.
        }
        finally
        {
            if (isHeld)
            {
                _descriptor.DangerousRelease();
            }
        }
    }

    public void Dispose() => _descriptor?.Dispose();
}
