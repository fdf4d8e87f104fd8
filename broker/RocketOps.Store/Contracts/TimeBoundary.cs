namespace RocketOps.Store.Contracts;

/// <summary>Which message a lookup by time means when none has exactly that time (store.md §5.5).</summary>
public enum TimeBoundary
{
    /// <summary>The first with store time ≥ the given one.</summary>
    Lower = 0,

    /// <summary>The last with store time ≤ the given one.</summary>
    Upper,
}
