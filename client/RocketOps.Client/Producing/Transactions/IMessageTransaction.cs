namespace RocketOps.Client;

/// <summary>
/// A message that a broker has and no consumer gets before the commit. End it once. Disposed without an end it stays open, and the broker asks the
/// <see cref="ProducerOptions.TransactionChecker"/>: when the local work was interrupted, for example by a time-out of the database's commit, nobody here knows whether it
/// happened, and a rollback could lose the message of work that did. Thread-safe.
/// </summary>
public interface IMessageTransaction : IAsyncDisposable
{
    /// <summary>The id of the message, the same for producer, checker and consumers.</summary>
    string MessageId { get; }

    /// <summary>
    /// Hands the message to consumers and returns when the broker has done so. Throws <see cref="RocketMqException"/> when the broker refuses or does not answer: nothing is lost,
    /// it asks the checker later, and the call may be repeated. Throws <see cref="InvalidOperationException"/> when the transaction was ended before, or the call before tried to roll it back.
    /// </summary>
    Task CommitAsync(CancellationToken cancellationToken = default);

    /// <summary>Has the broker drop the message and returns when it has done so. Throws as <see cref="CommitAsync"/>, and may be repeated as it.</summary>
    Task RollbackAsync(CancellationToken cancellationToken = default);
}
