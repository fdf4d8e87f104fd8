namespace RocketOps.Broker.Failover;

/// <summary>
/// Does what it is given one after the other, on a thread of its own, which may wait for the member's two small files. What gives it work, the timer that ticks and the answers of the lease store and of other members, runs on the pool: one whose threads are all
/// busy for longer than a lease renews nothing, and the fence, which is read by whoever acknowledges, ends the mastership. Thread-safe. What is done there must not throw; the
/// thread's last resort is <paramref name="failed"/>, after which it goes on.
/// </summary>
/// <param name="name">Of the thread.</param>
/// <param name="capacity">So much may wait when <see cref="TryPost"/> is asked.</param>
/// <param name="failed">Told of an exception.</param>
internal sealed class SerialLoop(string name, int capacity, Action<Exception> failed) : IAsyncDisposable
{
    private readonly Queue<Action> _queue = new();
    private readonly object _gate = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _stopping;
    private bool _started;

    public void Start()
    {
        _started = true;
        new Thread(Run) { IsBackground = true, Name = name }.Start();
    }

    /// <summary>Queues an action for an event of which there is a bounded number: never refused, but lost after the stop.</summary>
    public void Post(Action action)
    {
        lock (_gate)
        {
            if (!_stopping)
            {
                _queue.Enqueue(action);
                Monitor.Pulse(_gate);
            }
        }
    }

    /// <summary>Queues an action that others ask for; false when too much waits already, or the loop has ended.</summary>
    public bool TryPost(Action action)
    {
        lock (_gate)
        {
            if (_stopping || _queue.Count >= capacity)
            {
                return false;
            }

            _queue.Enqueue(action);
            Monitor.Pulse(_gate);
            return true;
        }
    }

    /// <summary>Asks something on the loop. Throws <see cref="IOException"/> when too much waits there, or it has ended.</summary>
    public async Task<T> AskAsync<T>(Func<T> ask, CancellationToken cancellationToken)
    {
        TaskCompletionSource<T> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        bool posted = TryPost(() =>
        {
            try
            {
                answer.TrySetResult(ask());
            }
            catch (Exception failure)
            {
                answer.TrySetException(failure);
            }
        });
        return posted ? await answer.Task.WaitAsync(cancellationToken) : throw new IOException("this member is stopping, or busy");
    }

    /// <summary>Returns when nothing is done any more; what waited is forgotten. Not to be awaited on the loop.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _stopping = true;
            _queue.Clear();
            Monitor.Pulse(_gate);
        }

        if (_started)
        {
            await _ended.Task;
        }
    }

    private void Run()
    {
        while (true)
        {
            Action action;
            lock (_gate)
            {
                while (_queue.Count == 0 && !_stopping)
                {
                    Monitor.Wait(_gate);
                }

                if (_stopping)
                {
                    break;
                }

                action = _queue.Dequeue();
            }

            try
            {
                action();
            }
            catch (Exception failure)
            {
                failed(failure);
            }
        }

        _ended.SetResult();
    }
}
