using System.Threading.Channels;
using RocketOps.Client.Connections;
using RocketOps.Client.Consuming.Pulling;
using RocketOps.Client.Consuming.Queues;
using RocketOps.Client.Diagnostics;

namespace RocketOps.Client.Consuming.Handling;

/// <summary>
/// The messages of one queue of an orderly group, handled one after another. A message that is not done holds up those behind it: it is tried again after
/// <see cref="PushConsumerOptions.SuspendDelay"/>, and after <see cref="PushConsumerOptions.MaxReconsumeTimes"/> it goes to the dead letters. Matches ConsumeMessageOrderlyService.
/// </summary>
internal sealed class OrderlyLane
{
    private readonly ProcessQueue _queue;
    private readonly OrderlyLaneContext _context;
    private readonly Channel<PulledMessage> _waiting = Channel.CreateUnbounded<PulledMessage>(new UnboundedChannelOptions { SingleReader = true });
    private int _isHandling;

    /// <param name="queue">Whose messages.</param>
    /// <param name="context">What all lanes share.</param>
    /// <param name="predecessor">Ends when the lane before, of the same queue, has handled its last message.</param>
    public OrderlyLane(ProcessQueue queue, OrderlyLaneContext context, Task predecessor)
    {
        _queue = queue;
        _context = context;
        Ended = Task.Run(() => RunAsync(predecessor));
    }

    /// <summary>Ends after <see cref="ProcessQueue.Close"/>, when the handler at work has finished. Never fails.</summary>
    public Task Ended { get; }

    public bool IsHandling => Volatile.Read(ref _isHandling) != 0;

    public void Enqueue(PulledMessage message) => _waiting.Writer.TryWrite(message);

    private async Task RunAsync(Task predecessor)
    {
        await predecessor.ConfigureAwait(false);
        using CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(_queue.Closed, _context.Stopping);
        try
        {
            while (true)
            {
                await HandleAsync(await _waiting.Reader.ReadAsync(ending.Token).ConfigureAwait(false), ending.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // What still waits is delivered again: its offsets are not committed.
        }
        catch (Exception unforeseen)
        {
            // Nothing behind the message may be handled: the queue is given up and read again from its committed offset.
            ClientLog.HandlingBroken(_context.Client.Logger, unforeseen, _queue.Queue, _queue.FirstUnfinished);
            _context.GiveUp(_queue);
        }
    }

    /// <summary>Returns when the message is done. Throws <see cref="OperationCanceledException"/> when the lane ends before.</summary>
    private async Task HandleAsync(PulledMessage message, CancellationToken ending)
    {
        for (int attempts = 0; ; attempts++)
        {
            await _context.Paused.WaitWhilePausedAsync(_queue.Queue, ending).ConfigureAwait(false);
            HandlerOutcome outcome = await InvokeAsync(message, attempts, ending).ConfigureAwait(false);
            if (outcome.Result.IsAbandoned)
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, ending).ConfigureAwait(false);
            }

            if (!outcome.Result.IsReturned || await TryBuryAsync(message, outcome, attempts, ending).ConfigureAwait(false))
            {
                _queue.Finish(message.Stored.QueueOffset);
                return;
            }

            await Task.Delay(_context.Options.SuspendDelay, _context.Options.TimeProvider, ending).ConfigureAwait(false);
        }
    }

    private async Task<HandlerOutcome> InvokeAsync(PulledMessage message, int attempts, CancellationToken ending)
    {
        await _context.Slots.WaitAsync(ending).ConfigureAwait(false);
        try
        {
            Volatile.Write(ref _isHandling, 1);
            if (_context.Locks?.IsHeld(_queue.Queue) == false)
            {
                // No broker has renewed the lock in time: another member may have it.
                ClientLog.LockExpired(_context.Client.Logger, _context.Options.Group, _queue.Queue);
                _context.GiveUp(_queue);
            }

            ending.ThrowIfCancellationRequested();
            return await _context.Invoker.InvokeAsync(message.Stored, _queue.Queue, attempts, _context.Cut).ConfigureAwait(false);
        }
        finally
        {
            Volatile.Write(ref _isHandling, 0);
            _context.Slots.Release();
        }
    }

    /// <summary>
    /// Moves a message that was not handled to the dead letters, or drops it when broadcasting; true when it is out of the way.
    /// </summary>
    private async Task<bool> TryBuryAsync(PulledMessage message, HandlerOutcome outcome, int attempts, CancellationToken ending)
    {
        string id = message.Stored.Properties.GetValueOrDefault(PropertyNames.UniqKey) ?? "without id";
        bool isBuried = outcome.Result.DelayLevel < 0 || message.Stored.ReconsumeTimes + attempts >= _context.Options.MaxReconsumeTimes;
        if (!isBuried)
        {
            ClientLog.QueueSuspended(_context.Client.Logger, outcome.Failure, id, _queue.Queue, _context.Options.SuspendDelay.TotalMilliseconds);
            return false;
        }

        if (_context.Options.MessageModel == MessageModel.Broadcasting)
        {
            ClientLog.MessageDropped(_context.Client.Logger, outcome.Failure, id, _queue.Queue);
            return true;
        }

        try
        {
            ClientLog.OrderlyMessageBuried(_context.Client.Logger, outcome.Failure, id, _queue.Queue, attempts + 1);
            await _context.Returner.ReturnAsync(message, ConsumeResult.DeadLetter.DelayLevel, ending).ConfigureAwait(false);
            return true;
        }
        catch (RocketMqException failure)
        {
            ClientLog.SendBackFailed(_context.Client.Logger, id, _queue.Queue, failure.Message);
            return false;
        }
    }
}

/// <summary>Context that the lanes of one consumer share.</summary>
/// <param name="Client">Connections and log.</param>
/// <param name="Options">The user's.</param>
/// <param name="Invoker">Calls handlers.</param>
/// <param name="Returner">Sends to the dead letters.</param>
/// <param name="Paused">What the user paused.</param>
/// <param name="Locks">The locks of this member; null when broadcasting.</param>
/// <param name="Slots">As many as handlers may work at a time.</param>
/// <param name="GiveUp">Has a queue dropped that must not be handled any further.</param>
/// <param name="Stopping">No further handler is started.</param>
/// <param name="Cut">The handlers' token.</param>
internal sealed record OrderlyLaneContext(
    ClientInstance Client, PushConsumerOptions Options, HandlerInvoker Invoker, MessageReturner Returner, PausedQueues Paused, HeldQueueLocks? Locks,
    SemaphoreSlim Slots, Action<ProcessQueue> GiveUp, CancellationToken Stopping, CancellationToken Cut);
