using RocketOps.Client.Connections;
using RocketOps.Client.Consuming.Pulling;
using RocketOps.Client.Consuming.Queues;

namespace RocketOps.Client.Consuming.Polling;

/// <summary>
/// Messages that pulls brought and the program has not asked for yet, queue by queue, in their order. Bounded by what every
/// <see cref="ProcessQueue"/> lets be pulled. Thread-safe; one waits at a time.
/// </summary>
internal sealed class PolledMessages(PushConsumerOptions options, PausedQueues paused) : IConsumeService
{
    private readonly WakeSignal _arrived = new(options.TimeProvider);

    // Guards all that follows.
    private readonly Lock _gate = new();
    private readonly List<(ProcessQueue Queue, LinkedList<PulledMessage> Messages)> _queues = [];
    private int _next;
    private bool _isStopped;

    /// <summary>True when nothing comes any more.</summary>
    public bool IsStopped
    {
        get
        {
            lock (_gate)
            {
                return _isStopped;
            }
        }
    }

    public void Begin(ProcessQueue queue, ProcessQueue? predecessor)
    {
        lock (_gate)
        {
            _queues.RemoveAll(entry => ReferenceEquals(entry.Queue, predecessor));
            _queues.Add((queue, []));
        }
    }

    public void Enqueue(PulledMessage message)
    {
        lock (_gate)
        {
            Of(message.Owner)?.AddLast(message);
        }

        _arrived.Wake();
    }

    /// <summary>Up to <paramref name="count"/> messages, of another queue first than the last time; none of queues that are paused or gone.</summary>
    public List<PulledMessage> Take(int count)
    {
        List<PulledMessage> taken = [];
        lock (_gate)
        {
            int first = _next++;
            for (int i = 0; i < _queues.Count && taken.Count < count; i++)
            {
                (ProcessQueue queue, LinkedList<PulledMessage> messages) = _queues[(int)((uint)(first + i) % (uint)_queues.Count)];
                while (taken.Count < count && messages.First is { } oldest && !queue.IsDropped && !paused.IsPaused(queue.Queue))
                {
                    taken.Add(oldest.Value);
                    messages.RemoveFirst();
                }
            }
        }

        return taken;
    }

    /// <summary>Puts back what was taken last.</summary>
    public void PutBack(IReadOnlyList<PulledMessage> messages)
    {
        lock (_gate)
        {
            for (int i = messages.Count - 1; i >= 0; i--)
            {
                Of(messages[i].Owner)?.AddFirst(messages[i]);
            }
        }
    }

    /// <summary>Waits until something may have come; false when the time passed.</summary>
    public Task<bool> WaitAsync(TimeSpan atMost, CancellationToken cancellationToken) => _arrived.WaitAsync(atMost, cancellationToken);

    /// <summary>Something was resumed.</summary>
    public void Wake() => _arrived.Wake();

    public Task EndAsync(ProcessQueue queue)
    {
        lock (_gate)
        {
            _queues.RemoveAll(entry => ReferenceEquals(entry.Queue, queue));
        }

        return Task.CompletedTask;
    }

    public bool HasEnded(ProcessQueue queue) => true;

    public Task StopAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            _isStopped = true;
            _queues.Clear();
        }

        _arrived.Wake();
        return Task.CompletedTask;
    }

    private LinkedList<PulledMessage>? Of(ProcessQueue queue) => _queues.Find(entry => ReferenceEquals(entry.Queue, queue)).Messages;
}
