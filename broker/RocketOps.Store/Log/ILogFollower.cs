namespace RocketOps.Store.Log;

/// <summary>A part of the store that acts whenever a position moves, for as long as the store runs.</summary>
internal interface ILogFollower
{
    /// <summary>Called on the thread that moved the position, after each move; must not block.</summary>
    void OnMoved(long offset);
}
