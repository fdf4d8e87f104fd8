namespace RocketOps.Remoting.Connections;

/// <summary>State of a participant for one batch, for example what in the log its replies wait for. Used as <see cref="DeferredReplies"/> are, by one thread at a time.</summary>
public interface IBatchState
{
    /// <summary>Makes it as for a new batch.</summary>
    void Clear();
}
