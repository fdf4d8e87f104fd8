using RocketOps.Client.Consuming.Queues;

namespace RocketOps.Client.Consuming.Pulling;

/// <summary>Calls the user's handlers with what pulls brought, and does with each message what they say. Matches RocketMQ's ConsumeMessageService. Thread-safe.</summary>
internal interface IConsumeService
{
    /// <summary>A queue is read from now on.</summary>
    /// <param name="queue">Gets the messages.</param>
    /// <param name="predecessor">What was read of the same queue before a seek; null otherwise.</param>
    void Begin(ProcessQueue queue, ProcessQueue? predecessor);

    /// <summary>Takes a message that is registered with its <see cref="ProcessQueue"/>.</summary>
    void Enqueue(PulledMessage message);

    /// <summary>Completes, after <see cref="ProcessQueue.Close"/>, when no handler may bring the queue further. Never throws.</summary>
    Task EndAsync(ProcessQueue queue);

    /// <summary>True when no handler works on the queue: in an orderly group nobody else may have it before.</summary>
    bool HasEnded(ProcessQueue queue);

    /// <summary>
    /// Starts no further handler and waits for those at work; after the shutdown timeout, or when the caller gives up, their token is cancelled and they are not waited for.
    /// </summary>
    Task StopAsync(CancellationToken cancellationToken);
}
