using RocketOps.Broker.Messages;
using RocketOps.Remoting.Commands;
using RocketOps.Remoting.Connections;
using RocketOps.Store;

namespace RocketOps.Broker.Sending;

/// <summary>
/// What happens between the appends of a batch and its acknowledgements: one write of everything pending and, with sync flush, the wait for the disk, which holds
/// up nobody's loop. The replies' tag is the end of the last record they acknowledge.
/// </summary>
internal sealed class StoreWrite : IBatchParticipant
{
    private readonly MessageStore _store;
    private readonly PutStatistics _statistics;
    private readonly bool _waitForDisk;
    private readonly Lock _gate = new();
    private readonly Stack<DiskWait> _idle = new();

    /// <param name="store">The store that was appended to.</param>
    /// <param name="statistics">Told how long each batch took.</param>
    /// <param name="waitForDisk">False for messages whose producer asked not to wait (WAIT=false) and for async flush.</param>
    public StoreWrite(MessageStore store, PutStatistics statistics, bool waitForDisk)
    {
        _store = store;
        _statistics = statistics;
        _waitForDisk = waitForDisk;
    }

    public bool CompleteBatch(DeferredReplies replies)
    {
        PhysicalOffset end = new(replies.Tag);
        if (_store.WritePending() < end)
        {
            _statistics.AddFailure();
            replies.ReleaseAs(ResponseCode.ServiceNotAvailable, SendRefusals.RemarkOf(DurabilityOutcome.Failed));
            return false;
        }

        if (!_waitForDisk || _store.IsDurable(end))
        {
            _statistics.Add(replies.ReadAt, replies.Messages);
            return true;
        }

        _store.WhenDurable(end, Rent(replies));
        return false;
    }

    private DiskWait Rent(DeferredReplies replies)
    {
        lock (_gate)
        {
            if (!_idle.TryPop(out DiskWait? wait))
            {
                wait = new DiskWait(this);
            }

            wait.Replies = replies;
            return wait;
        }
    }

    private void Return(DiskWait wait)
    {
        wait.Replies = null;
        lock (_gate)
        {
            // As many as ever waited at the same time, which the number of connections bounds.
            _idle.Push(wait);
        }
    }

    private sealed class DiskWait(StoreWrite owner) : IDurabilityWaiter
    {
        public DeferredReplies? Replies { get; set; }

        public void OnDurable(PhysicalOffset upTo, DurabilityOutcome outcome)
        {
            DeferredReplies replies = Replies!;
            owner.Return(this);
            if (outcome == DurabilityOutcome.Durable)
            {
                owner._statistics.Add(replies.ReadAt, replies.Messages);
                replies.Release();
            }
            else
            {
                owner._statistics.AddFailure();
                replies.ReleaseAs(SendRefusals.CodeOf(outcome), SendRefusals.RemarkOf(outcome));
            }
        }
    }
}
