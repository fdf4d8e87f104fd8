namespace RocketOps.Store.Dispatching;

/// <summary>
/// Told of every message that becomes readable, in log order, by one thread at a time: whichever dispatches (a connection's loop with ASYNC_FLUSH, the flusher
/// with SYNC_FLUSH). Implementations must not block. They may read from the store and may append to it.
/// </summary>
public interface IMessageArrivedObserver
{
    void OnArrived(in MessageArrival message);

    /// <summary>Called after a run of <see cref="OnArrived"/>: the place to wake parked pulls once for many messages.</summary>
    void OnRoundCompleted();
}
