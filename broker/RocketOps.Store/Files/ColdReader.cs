using System.Diagnostics.CodeAnalysis;
using RocketOps.Store.Contracts;

namespace RocketOps.Store.Files;

/// <summary>
/// A few threads that may wait for the disk, so that no connection ever does. The queue is bounded: a disk that cannot keep up refuses reads instead of
/// collecting them.
/// </summary>
internal sealed class ColdReader : IDisposable
{
    private readonly int _maxQueued;
    private readonly SemaphoreSlim _available = new(0);
    private readonly Lock _lock = new();
    private readonly Queue<Action> _work = new();
    private readonly Thread[] _threads;
    private volatile bool _stopping;

    public ColdReader(string name, int threads, int maxQueued)
    {
        _maxQueued = maxQueued;
        _threads = new Thread[threads];
        for (int i = 0; i < threads; i++)
        {
            _threads[i] = new Thread(Loop) { Name = $"{name}-{i}", IsBackground = true };
            _threads[i].Start();
        }
    }

    /// <summary>Runs a read on one of the threads. Throws <see cref="ColdReadRefusedException"/> when too many wait already or the store has stopped.</summary>
    public Task<T> RunAsync<T>(Func<T> read, CancellationToken cancellationToken) => TryRun(read, cancellationToken, out Task<T>? running)
        ? running
        : throw new ColdReadRefusedException(_stopping ? "The store has stopped." : $"{_maxQueued} cold reads are waiting already: the disk cannot keep up.");

    /// <summary>The same without an exception: false where that would throw.</summary>
    public bool TryRun<T>(Func<T> read, CancellationToken cancellationToken, [NotNullWhen(true)] out Task<T>? running)
    {
        TaskCompletionSource<T> completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (_stopping || _work.Count >= _maxQueued)
            {
                running = null;
                return false;
            }

            _work.Enqueue(() => Complete(completion, read, cancellationToken));
        }

        _available.Release();
        running = completion.Task;
        return true;
    }

    /// <summary>Lets reads that were queued finish, then ends the threads.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _stopping = true;
        }

        _available.Release(_threads.Length);
        foreach (Thread thread in _threads)
        {
            thread.Join();
        }

        _available.Dispose();
    }

    private static void Complete<T>(TaskCompletionSource<T> completion, Func<T> read, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            completion.SetCanceled(cancellationToken);
            return;
        }

        try
        {
            completion.SetResult(read());
        }
        catch (Exception e)
        {
            completion.SetException(e);
        }
    }

    private void Loop()
    {
        while (true)
        {
            _available.Wait();
            Action? work;
            lock (_lock)
            {
                if (!_work.TryDequeue(out work))
                {
                    // Only the stop releases without work.
                    return;
                }
            }

            work();
        }
    }
}
