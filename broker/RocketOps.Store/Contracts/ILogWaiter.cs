namespace RocketOps.Store.Contracts;

/// <summary>Waiter for a position of the log. See <c>LogPositions.When</c>.</summary>
public interface ILogWaiter
{
    /// <summary>
    /// Called exactly once, on whatever thread moves the position, or a timer's: it must not block. An exception is logged and concerns nobody else.
    /// </summary>
    void OnPosition(PhysicalOffset upTo, WaitOutcome outcome);
}
