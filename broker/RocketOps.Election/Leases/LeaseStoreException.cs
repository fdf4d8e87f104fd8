namespace RocketOps.Election.Leases;

/// <summary>The lease store did not answer, or not what it should: the text says what to do. Whether a write happened is unknown, unless <see cref="IsRefusal"/>.</summary>
public sealed class LeaseStoreException(string message, Exception? reason = null) : Exception(message, reason)
{
    /// <summary>The store has said no: a write has not happened, and never will.</summary>
    public bool IsRefusal { get; init; }
}
