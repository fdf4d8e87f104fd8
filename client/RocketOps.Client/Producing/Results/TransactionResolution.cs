namespace RocketOps.Client;

/// <summary>Outcome of a transaction. Matches LocalTransactionState.</summary>
public enum TransactionResolution
{
    /// <summary>Not known yet: the broker asks again later, up to transactionCheckMax (15) times, and then keeps the message from everybody.</summary>
    Unknown,

    /// <summary>The local work is done: consumers get the message.</summary>
    Commit,

    /// <summary>The local work did not happen: nobody gets the message.</summary>
    Rollback,
}

/// <summary>
/// Says what became of the transaction a message belongs to, by looking at what the local work left behind. Brokers ask when they heard neither commit nor rollback, any member of the
/// producer group, also after a restart: the answer must come from what all members see, such as a database. May be called for several messages, and for one message
/// more than once, at the same time. An exception counts as <see cref="TransactionResolution.Unknown"/>. The token is cancelled when the producer is disposed.
/// </summary>
public delegate ValueTask<TransactionResolution> TransactionChecker(ReceivedMessage message, CancellationToken cancellationToken);
