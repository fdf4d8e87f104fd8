using System.Collections.Concurrent;
using System.Diagnostics;
using System.Threading.Channels;
using RocketOps.Client.Internal;

namespace RocketOps.Client.Consuming;

/// <summary>
/// Calls the user's handlers, a bounded number at a time, and does with each message what they say. The queue in front of them is bounded by what every
/// <see cref="ProcessQueue"/> lets be pulled.
/// </summary>
internal sealed class HandlerPool
{
    /// <summary>Pause before a message that the broker would not take back is handled here again. Matches submitConsumeRequestLater.</summary>
    private static readonly TimeSpan LocalRetryDelay = TimeSpan.FromSeconds(5);

    private readonly ClientInstance _client;
    private readonly PushConsumerOptions _options;
    private readonly IOffsetStore _offsets;
    private readonly MessageReturner _returner;
    private readonly ConcurrentDictionary<string, MessageHandler> _handlers;
    private readonly Channel<PulledMessage> _waiting = Channel.CreateUnbounded<PulledMessage>();
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _cut = new();
    private readonly Task[] _workers;
    private int _working;

    public HandlerPool(ClientInstance client, PushConsumerOptions options, IOffsetStore offsets, ConcurrentDictionary<string, MessageHandler> handlers)
    {
        _client = client;
        _options = options;
        _offsets = offsets;
        _handlers = handlers;
        _returner = new MessageReturner(client, options);
        _workers = [.. Enumerable.Range(0, Math.Max(1, options.MaxConcurrency)).Select(_ => Task.Run(WorkAsync))];
    }

    public void Enqueue(PulledMessage message) => _waiting.Writer.TryWrite(message);

    /// <summary>
    /// Starts no further handler and waits for those at work; after the shutdown timeout, or when the caller gives up, their token is cancelled and they are not waited for.
    /// </summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        long begin = _options.TimeProvider.GetTimestamp();
        await _stopping.CancelAsync().ConfigureAwait(false);
        try
        {
            await Task.WhenAll(_workers).WaitAsync(_options.ShutdownTimeout, _options.TimeProvider, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception late) when (late is TimeoutException or OperationCanceledException)
        {
            ClientLog.ShutdownTimedOut(_client.Logger, Volatile.Read(ref _working), _options.TimeProvider.GetElapsedTime(begin).TotalSeconds);
            await _cut.CancelAsync().ConfigureAwait(false);
        }
    }

    private async Task WorkAsync()
    {
        try
        {
            while (true)
            {
                PulledMessage message = await _waiting.Reader.ReadAsync(_stopping.Token).ConfigureAwait(false);
                Interlocked.Increment(ref _working);
                await HandleGuardedAsync(message).ConfigureAwait(false);
                Interlocked.Decrement(ref _working);
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // What still waits is delivered again: its offsets are not committed.
        }
    }

    private async Task HandleGuardedAsync(PulledMessage message)
    {
        try
        {
            await HandleAsync(message).ConfigureAwait(false);
        }
        catch (Exception unforeseen)
        {
            // A worker must not end: nobody would notice before the last one is gone. The message stays unfinished and is delivered again.
            ClientLog.HandlingBroken(_client.Logger, unforeseen, message.Owner.Queue, message.Stored.QueueOffset);
        }
    }

    private async Task HandleAsync(PulledMessage message)
    {
        if (message.Owner.IsDropped)
        {
            // Another member has the queue and will get the message.
            return;
        }

        ConsumeResult result = await CallAsync(message).ConfigureAwait(false);
        if (result.IsAbandoned)
        {
            return;
        }

        if (result.IsReturned && _options.MessageModel == MessageModel.Clustering && !await TryReturnAsync(message, result.DelayLevel).ConfigureAwait(false))
        {
            return;
        }

        message.Owner.Finish(message.Stored.QueueOffset, _offsets);
    }

    private async Task<ConsumeResult> CallAsync(PulledMessage message)
    {
        string id = message.Stored.Properties.GetValueOrDefault(PropertyNames.UniqKey) ?? "without id";
        try
        {
            ReceivedMessage received = ReceivedMessages.From(message.Stored, message.Owner.Queue, _options.MaxDecompressedBytes);
            return _handlers.TryGetValue(received.Topic, out MessageHandler? handler)
                ? await CallAsync(handler, received, message.Stored).ConfigureAwait(false)
                : throw new InvalidDataException($"nothing is subscribed to its topic {received.Topic}");
        }
        catch (InvalidDataException unreadable)
        {
            ClientLog.BodyUnreadable(_client.Logger, id, message.Owner.Queue, unreadable.Message);
        }
        catch (Exception failure)
        {
            ClientLog.HandlerFailed(_client.Logger, failure, id, message.Owner.Queue);
        }

        return ConsumeResult.Later;
    }

    private async Task<ConsumeResult> CallAsync(MessageHandler handler, ReceivedMessage received, StoredMessage stored)
    {
        long begin = _options.TimeProvider.GetTimestamp();
        Activity? span = ClientTelemetry.StartProcess(stored, received.Topic, _options.Group, _client.ClientId, _options.MessageModel);
        Exception? failure = null;
        try
        {
            return await handler(received, _cut.Token).ConfigureAwait(false);
        }
        catch (Exception thrown)
        {
            failure = thrown;
            throw;
        }
        finally
        {
            ClientTelemetry.EndProcess(span, received.Topic, _options.Group, _options.TimeProvider.GetElapsedTime(begin), failure);
        }
    }

    private async Task<bool> TryReturnAsync(PulledMessage message, int delayLevel)
    {
        try
        {
            await _returner.ReturnAsync(message, delayLevel, CancellationToken.None).ConfigureAwait(false);
            return true;
        }
        catch (RocketMqException failure)
        {
            string id = message.Stored.Properties.GetValueOrDefault(PropertyNames.UniqKey) ?? "without id";
            ClientLog.SendBackFailed(_client.Logger, id, message.Owner.Queue, failure.Message);
            _ = EnqueueLaterAsync(message);
            return false;
        }
    }

    private async Task EnqueueLaterAsync(PulledMessage message)
    {
        await Task.Delay(LocalRetryDelay, _options.TimeProvider, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!_stopping.IsCancellationRequested)
        {
            Enqueue(message);
        }
    }
}
