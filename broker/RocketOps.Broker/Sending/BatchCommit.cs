using RocketOps.Broker.Messages;
using RocketOps.Broker.Replication.Master;
using RocketOps.Remoting.Connections;
using RocketOps.Store;
using RocketOps.Store.Contracts;

namespace RocketOps.Broker.Sending;

/// <summary>
/// Steps between the appends of a batch and its acknowledgements: one write of everything pending, and the wait for what does not happen
/// here and now: another thread's write, with sync flush the disk, on a SYNC_MASTER the slaves. The waits hold up nobody's loop.
/// </summary>
internal sealed class BatchCommit : IBatchParticipant
{
    private readonly MessageStore _store;
    private readonly AppendStatistics _statistics;
    private readonly LogPosition _needed;
    private readonly ReplicaGate _replicas;
    private readonly bool _waitForReplicas;
    private readonly Lock _gate = new();
    private readonly Stack<LogWait> _idle = new();

    /// <param name="store">The store that was appended to.</param>
    /// <param name="statistics">Told how long each batch took.</param>
    /// <param name="waitForDisk">False for messages whose producer asked not to wait (WAIT=false) and for async flush.</param>
    /// <param name="replicas">Tells whether slaves are waited for, and whether this broker may acknowledge.</param>
    /// <param name="waitForReplicas">False for messages whose producer asked not to wait.</param>
    public BatchCommit(MessageStore store, AppendStatistics statistics, bool waitForDisk, ReplicaGate replicas, bool waitForReplicas)
    {
        _replicas = replicas;
        _waitForReplicas = waitForReplicas;
        _store = store;
        _statistics = statistics;
        _needed = waitForDisk ? LogPosition.Durable : LogPosition.Written;
    }

    // Step 7 of a send, once per round.
    public void Commit() => _store.Writer.WriteWithoutDispatch();

    public bool CompleteBatch(DeferredReplies replies)
    {
        // Step 8 of a send, once per connection; step 9 is the round's.
        SentBatch batch = replies.State<SentBatch>();
        LogMark end = batch.End;
        ReplicaNeed replicas = _waitForReplicas ? _replicas.Need : ReplicaNeed.None;

        // What slaves have is as far here as it must be: they are not sent it before.
        LogPosition needed = replicas == ReplicaNeed.Replicated ? LogPosition.Replicated : _needed;
        if (replicas != ReplicaNeed.NoSlave && _store.Positions.IsReached(needed, end) && _replicas.MayAcknowledge(replicas, end.Offset))
        {
            _statistics.Add(replies.ReadAt, batch.Messages);
            return true;
        }

        // The disk or the slaves are not so far yet; or there is no slave, which the waiter says when the message is stored; or another thread is writing it just now; or the
        // write has failed, the messages are cut off or this broker does not lead any more, which the waiter is told at once.
        replies.Hold();
        _store.Positions.When(needed, end, Rent(replies, replicas));
        return false;
    }

    // Step 10 of a send.
    public void AfterReplies() => _store.Writer.DispatchPending();

    private LogWait Rent(DeferredReplies replies, ReplicaNeed replicas)
    {
        lock (_gate)
        {
            if (!_idle.TryPop(out LogWait? wait))
            {
                wait = new LogWait(this);
            }

            wait.Replies = replies;
            wait.Replicas = replicas;
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

        public ReplicaNeed Replicas { get; set; }

        public void OnPosition(PhysicalOffset upTo, WaitOutcome outcome)
        {
            DeferredReplies replies = Replies!;
            SentBatch batch = replies.State<SentBatch>();
            if (outcome is (WaitOutcome.TimedOut or WaitOutcome.SlaveTimedOut) && !owner._store.Positions.IsReached(LogPosition.Written, batch.End))
            {
                outcome = WaitOutcome.NotWritten;
            }

            outcome = owner._replicas.Judge(Replicas, upTo, outcome);
            owner.Return(this);
            if (outcome == WaitOutcome.Reached)
            {
                owner._statistics.Add(replies.ReadAt, batch.Messages);
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
