namespace RocketOps.Store;

/// <summary>Told when the log is durable up to the offset it asked for.</summary>
public interface IDurabilityWaiter
{
    /// <summary>
    /// Called exactly once per registration, on the flusher's thread (or the registering one when nothing is left to wait for): must not block and must not throw.
    /// </summary>
    void OnDurable(PhysicalOffset upTo, DurabilityOutcome outcome);
}
