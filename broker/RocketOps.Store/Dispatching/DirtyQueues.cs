using RocketOps.Store.ConsumeQueues;

namespace RocketOps.Store.Dispatching;

/// <summary>Queues that have units which the kernel does not have. Thread-safe.</summary>
internal sealed class DirtyQueues
{
    private readonly Lock _lock = new();
    private List<ConsumeQueue> _queues = [];

    public void Add(ConsumeQueue queue)
    {
        lock (_lock)
        {
            _queues.Add(queue);
        }
    }

    /// <summary>The queues that have units the kernel does not have; the caller writes them.</summary>
    public List<ConsumeQueue> Take()
    {
        lock (_lock)
        {
            List<ConsumeQueue> taken = _queues;
            _queues = [];
            return taken;
        }
    }

    /// <summary>Those that could not be written stay dirty.</summary>
    public void Return(List<ConsumeQueue> queues, int from)
    {
        lock (_lock)
        {
            _queues.AddRange(queues[from..]);
        }
    }
}
