namespace RocketOps.Store.Files;

/// <summary>A thread that may wait for the disk, one piece of work after the other; made when the first comes. Thread-safe.</summary>
public sealed class DiskThread(string name) : IDisposable
{
    /// <summary>Work that waits at most; more than its users ever have.</summary>
    private const int MaxQueued = 64;

    private readonly Lock _gate = new();
    private ColdReader? _thread;
    private bool _disposed;

    /// <summary>Runs it on the thread; its exception is the task's.</summary>
    public Task<T> RunAsync<T>(Func<T> work) => Thread().RunAsync(work, CancellationToken.None);

    /// <summary>Runs it on the thread; its exception is the task's.</summary>
    public Task RunAsync(Action work) => RunAsync(() =>
    {
        work();
        return true;
    });

    /// <summary>Ends the thread once what it was given is done.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
        }

        _thread?.Dispose();
    }

    private ColdReader Thread()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _thread ??= new ColdReader(name, threads: 1, MaxQueued);
        }
    }
}
