using RocketOps.Broker.Replication.Master;
using RocketOps.Store;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Log;

namespace RocketOps.Broker.Messages;

/// <summary>Appends off the connections' loops and waits: for a single message as the configuration promises, for many that were appended one by one until they are written.</summary>
internal sealed class MessageAppender(MessageStore store, AppendStatistics statistics, ReplicaGate replicas, TimeProvider time)
{
    private readonly bool _sync = store.Options.FlushDiskType == FlushDiskType.SyncFlush;

    /// <summary>Stores one message: in the kernel when it returns, on disk and on slaves too if that is configured and <paramref name="waitForDisk"/>.</summary>
    public async ValueTask<AppendOutcome> AppendAsync(OwnedMessage message, bool waitForDisk)
    {
        long startedAt = time.GetTimestamp();
        (AppendStatus status, AppendResult result) = await AppendWhenReadyAsync(message);
        return Count(await CompleteAsync(status, result, waitForDisk), startedAt);
    }

    /// <summary>The waiting part, for messages in the store's tail; <paramref name="startedAt"/> is when their handling began.</summary>
    public async ValueTask<AppendOutcome> CompleteAsync(AppendResult result, bool waitForDisk, long startedAt) =>
        Count(await CompleteAsync(AppendStatus.Ok, result, waitForDisk), startedAt);

    /// <summary>
    /// Waits after <see cref="AppendStatus.WouldBlock"/>: true when there is room again, false when the writes do not get on.
    /// </summary>
    public async ValueTask<bool> WhenRoomAsync() => await store.Writer.WhenRoomAsync() == WaitOutcome.Reached;

    /// <summary>Waits for what an append needs first, as its status says; false when it would be of no use to append again now.</summary>
    public async ValueTask<bool> OvercomeAsync(AppendStatus status, StoreTopic topic, int queueId) => status switch
    {
        AppendStatus.WouldBlock => await WhenRoomAsync(),
        AppendStatus.QueueNotLoaded => await store.Writer.LoadQueueAsync(topic, queueId, CancellationToken.None) == AppendStatus.Ok,
        _ => false,
    };

    /// <summary>
    /// Takes a message into the log's buffer. For those who append many before one <see cref="WriteAsync"/>; nobody may be told of the message, nor its success be
    /// noted, before that has returned true.
    /// </summary>
    public AppendStatus Append(in MessageToAppend message, out AppendResult result)
    {
        AppendStatus status = AppendIfMaster(message, out result);
        if (status is not (AppendStatus.Ok or AppendStatus.WouldBlock or AppendStatus.QueueNotLoaded))
        {
            statistics.AddFailure();
        }

        return status;
    }

    /// <summary>
    /// Hands to the kernel what was appended up to <paramref name="end"/>, waiting for as long as another thread's write takes; false when it failed and the store is
    /// read-only, or the messages were cut off.
    /// </summary>
    /// <param name="end">The mark of all the messages.</param>
    /// <param name="messages">How many messages this is, for the statistics.</param>
    /// <param name="startedAt">When the first of them was begun, a timestamp of the broker's clock.</param>
    public async ValueTask<bool> WriteAsync(LogMark end, int messages, long startedAt)
    {
        store.Writer.WritePending();
        if (!store.Positions.IsReached(LogPosition.Written, end))
        {
            WaitOutcome outcome;
            do
            {
                outcome = await store.Writer.WhenAsync(LogPosition.Written, end);
            }
            while (outcome == WaitOutcome.TimedOut);
            if (outcome != WaitOutcome.Reached)
            {
                statistics.AddFailure();
                return false;
            }
        }

        statistics.Add(startedAt, messages);
        return true;
    }

    /// <summary>
    /// Waits for as much safety as was configured, for whatever lies before that mark in the log, and returns how the wait has ended.
    /// </summary>
    public async ValueTask<WaitOutcome> ConfirmAsync(LogMark end)
    {
        ReplicaNeed need = replicas.Need;
        WaitOutcome outcome = need == ReplicaNeed.Replicated ? await store.Writer.WhenAsync(LogPosition.Replicated, end)
            : _sync ? await store.Writer.WhenAsync(LogPosition.Durable, end)
            : WaitOutcome.Reached;
        return replicas.Judge(need, end.Offset, outcome);
    }

    /// <summary>Into the tail, after what must come first: the queue is loaded, there is room.</summary>
    private async ValueTask<(AppendStatus Status, AppendResult Result)> AppendWhenReadyAsync(OwnedMessage message)
    {
        AppendStatus status = Append(message, out AppendResult result);
        while (status is AppendStatus.WouldBlock or AppendStatus.QueueNotLoaded)
        {
            status = status == AppendStatus.QueueNotLoaded
                ? await store.Writer.LoadQueueAsync(message.Topic, message.QueueId, CancellationToken.None)
                : await WhenRoomAsync() ? AppendStatus.Ok : AppendStatus.Busy;
            if (status == AppendStatus.Ok)
            {
                status = Append(message, out result);
            }
        }

        return (status, result);
    }

    private AppendOutcome Count(AppendOutcome outcome, long startedAt)
    {
        if (outcome.IsOk)
        {
            statistics.Add(startedAt, outcome.Result.MessageCount);
        }
        else
        {
            statistics.AddFailure();
        }

        return outcome;
    }

    private async ValueTask<AppendOutcome> CompleteAsync(AppendStatus status, AppendResult result, bool waitForDisk)
    {
        if (status != AppendStatus.Ok)
        {
            return new AppendOutcome(status, result, WaitOutcome.Failed);
        }

        store.Writer.WritePending();
        if (!store.Positions.IsReached(LogPosition.Written, result.Mark))
        {
            // Another thread is writing it; or the write has failed, or the message was cut off.
            WaitOutcome written = await store.Writer.WhenAsync(LogPosition.Written, result.Mark);
            if (written != WaitOutcome.Reached)
            {
                return written == WaitOutcome.TimedOut
                    ? new AppendOutcome(AppendStatus.Ok, result, replicas.Judge(ReplicaNeed.None, result.Mark.Offset, WaitOutcome.NotWritten))
                    : new AppendOutcome(AppendStatus.ServiceNotAvailable, result, written);
            }
        }

        if (!waitForDisk)
        {
            return new AppendOutcome(AppendStatus.Ok, result, replicas.Judge(ReplicaNeed.None, result.Mark.Offset, WaitOutcome.Reached));
        }

        return new AppendOutcome(AppendStatus.Ok, result, await ConfirmAsync(result.Mark));
    }

    private AppendStatus Append(OwnedMessage message, out AppendResult result) => AppendIfMaster(message.ToAppend(), out result);

    /// <summary>Appends only as the master: what a deposed master writes is cut off when it follows the next one.</summary>
    private AppendStatus AppendIfMaster(in MessageToAppend message, out AppendResult result)
    {
        if (replicas.MayWrite)
        {
            return store.Writer.Append(message, out result);
        }

        result = default;
        return AppendStatus.ServiceNotAvailable;
    }
}
