using RocketOps.Store;

namespace RocketOps.Broker.Messages;

/// <summary>Appends single messages off the connections' loops and waits for what the configuration promises.</summary>
internal sealed class MessageAppender(MessageStore store, PutStatistics statistics, TimeProvider time)
{
    private readonly bool _sync = store.Options.FlushDiskType == FlushDiskType.SyncFlush;

    /// <summary>Stores one message: in the kernel when it returns, on disk too if that is configured and <paramref name="waitForDisk"/>.</summary>
    public async ValueTask<AppendOutcome> AppendAsync(StoredMessage message, bool waitForDisk)
    {
        long startedAt = time.GetTimestamp();
        AppendStatus status = Append(message, out AppendResult result);
        return Count(await CompleteAsync(status, result, waitForDisk), startedAt);
    }

    /// <summary>The same for a client batch; <paramref name="offsets"/> has one entry per message.</summary>
    public async ValueTask<AppendOutcome> AppendBatchAsync(
        StoreTopic topic, int queueId, int sysFlag, long bornTimestamp, MessageHost bornHost, MessageHost storeHost, int reconsumeTimes, ReadOnlyMemory<byte> body, PhysicalOffset[] offsets)
    {
        long startedAt = time.GetTimestamp();
        AppendStatus status = store.AppendBatch(
            new BatchToAppend
            {
                Topic = topic,
                QueueId = queueId,
                SysFlag = sysFlag,
                BornTimestamp = bornTimestamp,
                BornHost = bornHost,
                StoreHost = storeHost,
                ReconsumeTimes = reconsumeTimes,
                Body = body.Span,
            },
            offsets,
            out AppendResult result);
        return Count(await CompleteAsync(status, result, waitForDisk: true), startedAt);
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
            return new AppendOutcome(status, result, DurabilityOutcome.Failed);
        }

        if (store.WritePending() < result.End)
        {
            return new AppendOutcome(AppendStatus.ServiceNotAvailable, result, DurabilityOutcome.Failed);
        }

        if (!_sync || !waitForDisk || store.IsDurable(result.End))
        {
            return new AppendOutcome(AppendStatus.Ok, result, DurabilityOutcome.Durable);
        }

        Waiter waiter = new();
        store.WhenDurable(result.End, waiter);
        return new AppendOutcome(AppendStatus.Ok, result, await waiter.Completion);
    }

    private AppendStatus Append(StoredMessage message, out AppendResult result) => store.Append(
        new MessageToAppend
        {
            Topic = message.Topic,
            QueueId = message.QueueId,
            Flag = message.Flag,
            SysFlag = message.SysFlag,
            BornTimestamp = message.BornTimestamp,
            BornHost = message.BornHost,
            StoreHost = message.StoreHost,
            ReconsumeTimes = message.ReconsumeTimes,
            Body = message.Body.Span,
            Properties = message.Properties.Span,
        },
        out result);

    private sealed class Waiter : IDurabilityWaiter
    {
        private readonly TaskCompletionSource<DurabilityOutcome> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<DurabilityOutcome> Completion => _completion.Task;

        public void OnDurable(PhysicalOffset upTo, DurabilityOutcome outcome) => _completion.TrySetResult(outcome);
    }
}
