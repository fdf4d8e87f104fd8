using System.Collections.Concurrent;
using System.Threading.Channels;
using RocketOps.Client.Connections;
using RocketOps.Client.Consuming.Pulling;
using RocketOps.Client.Consuming.Queues;
using RocketOps.Client.Diagnostics;

namespace RocketOps.Client.Consuming.Handling;

/// <summary>
/// Calls the user's handlers, a bounded number at a time, and does with each message what they say. The queue in front of them is bounded by what every
/// <see cref="ProcessQueue"/> lets be pulled.
/// </summary>
internal sealed class HandlerPool : IConsumeService
{
    /// <summary>Pause before a message that the broker would not take back is handled here again. Matches submitConsumeRequestLater.</summary>
    private static readonly TimeSpan LocalRetryDelay = TimeSpan.FromSeconds(5);

    /// <summary>Delay level of a message that a handler had for too long. Matches ProcessQueue.cleanExpiredMsg.</summary>
    private const int StuckDelayLevel = 3;

    private const int ChecksPerTimeout = 10;

    private readonly ClientInstance _client;
    private readonly PushConsumerOptions _options;
    private readonly MessageReturner _returner;
    private readonly HandlerInvoker _invoker;
    private readonly PausedQueues _paused;
    private readonly Lock _parkGate = new();
    private readonly List<PulledMessage> _parked = [];
    private readonly Channel<PulledMessage> _waiting = Channel.CreateUnbounded<PulledMessage>();
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _cut = new();
    private readonly ConcurrentDictionary<PulledMessage, long> _atWork = new(ReferenceEqualityComparer.Instance);
    private readonly Task[] _workers;
    private readonly Task _watching;
    private int _working;

    public HandlerPool(ClientInstance client, PushConsumerOptions options, HandlerInvoker invoker, PausedQueues paused)
    {
        _client = client;
        _options = options;
        _invoker = invoker;
        _paused = paused;
        _paused.Resumed = Unpark;
        _returner = new MessageReturner(client, options);
        _workers = [.. Enumerable.Range(0, Math.Max(1, options.MaxConcurrency)).Select(_ => Task.Run(WorkAsync))];
        _watching = options.MessageModel == MessageModel.Clustering ? WatchAsync() : Task.CompletedTask;
    }

    public void Begin(ProcessQueue queue, ProcessQueue? predecessor)
    {
        // Messages go through one queue for all.
    }

    public void Enqueue(PulledMessage message) => _waiting.Writer.TryWrite(message);

    /// <summary>Ends at once: the next owner of the queue may handle its messages while a handler is still at work here.</summary>
    public Task EndAsync(ProcessQueue queue) => Task.CompletedTask;

    public bool HasEnded(ProcessQueue queue) => true;

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

        await _watching.ConfigureAwait(false);
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

        if (TryPark(message))
        {
            return;
        }

        _atWork[message] = _options.TimeProvider.GetTimestamp();
        (ConsumeResult result, Exception? failure) = await _invoker.InvokeAsync(message.Stored, message.Owner.Queue, message.Attempts, _cut.Token).ConfigureAwait(false);
        bool isTooLate = !_atWork.TryRemove(message, out _);
        bool isDropped = result.IsReturned && _options.MessageModel == MessageModel.Broadcasting;
        if (isDropped)
        {
            ClientLog.MessageDropped(_client.Logger, failure, message.Stored.Properties.GetValueOrDefault(PropertyNames.UniqKey) ?? "without id", message.Owner.Queue);
        }
        else if (failure is not null)
        {
            Report(message, failure);
        }

        if (result.IsAbandoned || isTooLate)
        {
            // Too late: the broker has the message back, and what the handler says does not count.
            return;
        }

        if (result.IsReturned && !isDropped && !await TryReturnAsync(message, result.DelayLevel).ConfigureAwait(false))
        {
            return;
        }

        message.Owner.Finish(message.Stored.QueueOffset);
    }

    // What a handler has for too long would hold its queue's offset back for ever.
    private async Task WatchAsync()
    {
        using PeriodicTimer timer = new(_options.ConsumeTimeout / ChecksPerTimeout, _options.TimeProvider);
        try
        {
            while (await timer.WaitForNextTickAsync(_stopping.Token).ConfigureAwait(false))
            {
                foreach ((PulledMessage message, long since) in _atWork)
                {
                    if (_options.TimeProvider.GetElapsedTime(since) >= _options.ConsumeTimeout && !message.Owner.IsDropped && _atWork.TryRemove(message, out _))
                    {
                        await GiveBackStuckAsync(message, since).ConfigureAwait(false);
                    }
                }
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The consumer stops.
        }
    }

    private async Task GiveBackStuckAsync(PulledMessage message, long since)
    {
        ClientLog.HandlerStuck(
            _client.Logger, message.Stored.Properties.GetValueOrDefault(PropertyNames.UniqKey) ?? "without id", message.Owner.Queue, _options.TimeProvider.GetElapsedTime(since).TotalSeconds);
        try
        {
            await _returner.ReturnAsync(message, StuckDelayLevel, CancellationToken.None).ConfigureAwait(false);
            message.Owner.Finish(message.Stored.QueueOffset);
        }
        catch (Exception failure)
        {
            // It stays the handler's, and is tried again with the next look.
            message.Attempts++;
            ClientLog.SendBackFailed(_client.Logger, message.Stored.Properties.GetValueOrDefault(PropertyNames.UniqKey) ?? "without id", message.Owner.Queue, failure.Message);
            _atWork[message] = since;
        }
    }

    private void Report(PulledMessage message, Exception failure)
    {
        string id = message.Stored.Properties.GetValueOrDefault(PropertyNames.UniqKey) ?? "without id";
        if (failure is InvalidDataException unreadable)
        {
            ClientLog.BodyUnreadable(_client.Logger, id, message.Owner.Queue, unreadable.Message);
        }
        else
        {
            ClientLog.HandlerFailed(_client.Logger, failure, id, message.Owner.Queue);
        }
    }

    // Whoever resumes drains under the same gate after the queue is no longer paused, so that no message is left behind.
    private bool TryPark(PulledMessage message)
    {
        lock (_parkGate)
        {
            if (!_paused.IsPaused(message.Owner.Queue))
            {
                return false;
            }

            _parked.Add(message);
            return true;
        }
    }

    private void Unpark()
    {
        lock (_parkGate)
        {
            _parked.RemoveAll(message =>
            {
                bool goesOn = message.Owner.IsDropped || !_paused.IsPaused(message.Owner.Queue);
                if (goesOn)
                {
                    Enqueue(message);
                }

                return goesOn;
            });
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
            message.Attempts++;
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
