using RocketOps.Broker.Messages;
using RocketOps.Remoting.Connections;
using RocketOps.Store;

namespace RocketOps.Broker.Sending;

/// <summary>
/// What happens between the appends of a batch and its acknowledgements: one write of everything pending, and the wait for what does not happen here and now: another
/// thread's write and, with sync flush, the disk. The waits hold up nobody's loop. The replies' tags are the mark behind the last record they acknowledge.
/// </summary>
internal sealed class BatchCommit : IBatchParticipant
{
    private readonly MessageStore _store;
    private readonly AppendStatistics _statistics;
    private readonly LogPosition _needed;
    private readonly Lock _gate = new();
    private readonly Stack<LogWait> _idle = new();

    /// <param name="store">The store that was appended to.</param>
    /// <param name="statistics">Told how long each batch took.</param>
    /// <param name="waitForDisk">False for messages whose producer asked not to wait (WAIT=false) and for async flush.</param>
    public BatchCommit(MessageStore store, AppendStatistics statistics, bool waitForDisk)
    {
        _store = store;
        _statistics = statistics;
        _needed = waitForDisk ? LogPosition.Durable : LogPosition.Written;
    }

    /// <summary>What the replies wait for.</summary>
    public static LogMark MarkOf(DeferredReplies replies) => new(new PhysicalOffset(replies.Tag), replies.SecondTag);

    // Step 7 of a send, once per round.
    public void Commit() => _store.Writer.WriteWithoutDispatch();

    public bool CompleteBatch(DeferredReplies replies)
    {
        // Step 8 of a send, once per connection; step 9 is the round's.
        LogMark end = MarkOf(replies);
        if (_store.Positions.IsReached(_needed, end))
        {
            _statistics.Add(replies.ReadAt, replies.Messages);
            return true;
        }

        // The disk is not so far yet; or another thread is writing it just now; or the write has failed or the messages are cut off, which the waiter is told at once.
        _store.Positions.When(_needed, end, Rent(replies));
        return false;
    }

    // Step 10 of a send.
    public void AfterReplies() => _store.Writer.DispatchPending();

    private LogWait Rent(DeferredReplies replies)
    {
        lock (_gate)
        {
            if (!_idle.TryPop(out LogWait? wait))
            {
                wait = new LogWait(this);
            }

            wait.Replies = replies;
            return wait;
        }
    }

    private void Return(LogWait wait)
    {
        wait.Replies = null;
        lock (_gate)
        {
            // As many as ever waited at the same time, which the number of connections bounds.
            _idle.Push(wait);
        }
    }

    private sealed class LogWait(BatchCommit owner) : ILogWaiter
    {
        public DeferredReplies? Replies { get; set; }

        public void OnPosition(PhysicalOffset upTo, WaitOutcome outcome)
        {
            DeferredReplies replies = Replies!;
            owner.Return(this);
            if (outcome == WaitOutcome.Reached)
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
