using RocketOps.Client.Connections;
using RocketOps.Client.Consuming.Queues;
using RocketOps.Client.Diagnostics;
using RocketOps.Client.Subscriptions;
using RocketOps.Protocol.Commands;

namespace RocketOps.Client.Consuming.Pulling;

/// <summary>
/// Reads one queue from an offset on and hands what it finds to the handlers, until the queue is dropped or the broker says that the
/// group is elsewhere. No thread waits: a long poll is an outstanding
/// request.
/// </summary>
internal sealed class PullLoop(
    ProcessQueue processing, Subscription subscription, long startOffset, ClientInstance client, PushConsumerOptions options, Puller puller, IConsumeService handlers, PausedQueues paused)
{
    /// <summary>Matches pullTimeDelayMillsWhenBrokerFlowControl.</summary>
    private static readonly TimeSpan FlowControlDelay = TimeSpan.FromMilliseconds(20);

    /// <summary>
    /// Longest pause after a broker was busy or failed. Java's clients of 4.9.7 and 5.5.0 pause for 1 s after SYSTEM_BUSY and
    /// SYSTEM_ERROR, and for 3 s after all else.
    /// </summary>
    private static readonly TimeSpan BusyDelay = TimeSpan.FromSeconds(1);

    // An orderly group commits by requests of their own only: when a queue is given up, nobody could wait until a broker has handled the
    // offset in a pull that was given up.
    private readonly bool _commits = options is { MessageModel: MessageModel.Clustering, IsPolled: false, IsOrderly: false };
    private long _offset = startOffset;
    private long _suggestedBroker = BrokerData.MasterId;

    /// <summary>Ends when cancelled, or with the offset where the broker says that the group is. Never throws.</summary>
    public async Task<long?> RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await paused.WaitWhilePausedAsync(processing.Queue, cancellationToken).ConfigureAwait(false);
                await processing.WaitForRoomAsync(cancellationToken).ConfigureAwait(false);
                if (await PullOnceAsync(cancellationToken).ConfigureAwait(false) is { } elsewhere)
                {
                    return elsewhere;
                }
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                // The queue was dropped or the consumer stops.
            }
            catch (Exception unforeseen)
            {
                // A bug in this client must not stop the reading of a queue unnoticed.
                ClientLog.PullBroken(client.Logger, unforeseen, processing.Queue);
                await Task.Delay(options.PullRetryDelay, options.TimeProvider, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        return null;
    }

    /// <summary>The offset where the broker says that the group is; null as long as reading goes on here.</summary>
    private async Task<long?> PullOnceAsync(CancellationToken cancellationToken)
    {
        MessageQueue queue = processing.Queue;
        PullResult result;
        processing.NotePull();
        try
        {
            result = await puller.PullAsync(queue, subscription, _offset, _commits ? processing.Offset : null, _suggestedBroker, cancellationToken).ConfigureAwait(false);
        }
        catch (RocketMqException failure)
        {
            TimeSpan delay = RetryDelayAfter(failure);
            ClientLog.PullFailed(client.Logger, failure.LogLevel, queue, _offset, failure.Message, delay.TotalMilliseconds);
            await RecoverAsync(failure, delay, cancellationToken).ConfigureAwait(false);
            return null;
        }

        _suggestedBroker = result.SuggestedBroker;
        switch (result.Status)
        {
            case PullStatus.Found:
                TakeIn(result);
                break;
            case PullStatus.Nothing:
                processing.PulledTo(result.NextOffset);
                break;
            case PullStatus.Expired:
                ClientLog.OffsetMoved(client.Logger, queue, _offset, result.NextOffset);
                processing.PulledTo(result.NextOffset);
                break;
            case PullStatus.OffsetMoved:
                // What was pulled is of another history than what comes there, or somebody wants it passed over: together they would note
                // offsets that nobody has handled.
                ClientLog.OffsetMoved(client.Logger, queue, _offset, result.NextOffset);
                return result.NextOffset;
            case PullStatus.FlowControl:
                await Task.Delay(FlowControlDelay, options.TimeProvider, cancellationToken).ConfigureAwait(false);
                break;
        }

        _offset = result.NextOffset;
        return null;
    }

    private void TakeIn(PullResult result)
    {
        List<StoredMessage> stored = [];
        ReadOnlyMemory<byte> rest = result.Records;
        while (!rest.IsEmpty)
        {
            try
            {
                StoredMessageDecoder.DecodeInto(stored, ref rest);
            }
            catch (InvalidDataException malformed)
            {
                // The decoder has moved past it; the records behind it are good.
                ClientLog.RecordUnreadable(client.Logger, processing.Queue, _offset, malformed.Message);
            }
        }

        List<PulledMessage> pulled = new(stored.Count);
        foreach (StoredMessage record in stored)
        {
            StoredMessage message = record.Moved(result.OffsetDelta);

            // A batch comes whole, also when some of its messages lie before what was asked for and are done with.
            if (subscription.Matches(message.Properties) && (!message.IsInner || message.QueueOffset >= _offset))
            {
                pulled.Add(new PulledMessage(processing, message));
            }
        }

        // All are registered before the first is handed out: a quick handler must not commit past those behind it.
        foreach (PulledMessage message in pulled)
        {
            processing.Add(message.Stored.QueueOffset, message.Stored.Body.Length);
        }

        processing.PulledTo(result.NextOffset);
        foreach (PulledMessage message in pulled)
        {
            handlers.Enqueue(message);
        }
    }

    private TimeSpan RetryDelayAfter(RocketMqException failure) =>
        failure.ResponseCode is ResponseCode.SystemBusy or ResponseCode.SystemError && options.PullRetryDelay > BusyDelay ? BusyDelay : options.PullRetryDelay;

    private async Task RecoverAsync(RocketMqException failure, TimeSpan delay, CancellationToken cancellationToken)
    {
        await Task.Delay(delay, options.TimeProvider, cancellationToken).ConfigureAwait(false);
        if (failure.ResponseCode is null)
        {
            // The broker may be gone, or another member its master by now.
            _suggestedBroker = BrokerData.MasterId;
            try
            {
                await client.Routes.RefreshIfOldAsync(processing.Queue.Topic, cancellationToken).ConfigureAwait(false);
            }
            catch (RocketMqException unanswered)
            {
                ClientLog.RouteRefreshFailed(client.Logger, unanswered.LogLevel, processing.Queue.Topic, unanswered.Message);
            }
        }
    }
}
