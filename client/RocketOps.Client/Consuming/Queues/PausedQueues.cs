namespace RocketOps.Client.Consuming.Queues;

/// <summary>Topics and queues that the user has paused, whether they are read at the moment or not. Thread-safe.</summary>
internal sealed class PausedQueues
{
    private readonly Lock _gate = new();
    private readonly HashSet<string> _topics = new(StringComparer.Ordinal);
    private readonly HashSet<MessageQueue> _queues = [];
    private TaskCompletionSource _resumed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Called when something was resumed, on the thread that does it; null for nobody. Set before the first call.</summary>
    public Action? Resumed { get; set; }

    public bool IsPaused(MessageQueue queue)
    {
        lock (_gate)
        {
            return IsPausedLocked(queue);
        }
    }

    public void Pause(string topic)
    {
        lock (_gate)
        {
            _topics.Add(topic);
        }
    }

    public void Pause(MessageQueue queue)
    {
        lock (_gate)
        {
            _queues.Add(queue);
        }
    }

    /// <summary>Resumes the topic, and its queues that were paused by themselves.</summary>
    public void Resume(string topic)
    {
        lock (_gate)
        {
            _topics.Remove(topic);
            _queues.RemoveWhere(queue => queue.Topic == topic);
        }

        Signal();
    }

    /// <summary>Resumes the queue; it goes on only if its topic is not paused.</summary>
    public void Resume(MessageQueue queue)
    {
        lock (_gate)
        {
            _queues.Remove(queue);
        }

        Signal();
    }

    /// <summary>Returns at once unless the queue is paused.</summary>
    public async ValueTask WaitWhilePausedAsync(MessageQueue queue, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task resumed;
            lock (_gate)
            {
                if (!IsPausedLocked(queue))
                {
                    return;
                }

                resumed = _resumed.Task;
            }

            await resumed.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private bool IsPausedLocked(MessageQueue queue) => (_topics.Count > 0 && _topics.Contains(queue.Topic)) || (_queues.Count > 0 && _queues.Contains(queue));

    private void Signal()
    {
        TaskCompletionSource resumed;
        lock (_gate)
        {
            resumed = _resumed;
            _resumed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        resumed.SetResult();
        Resumed?.Invoke();
    }
}
