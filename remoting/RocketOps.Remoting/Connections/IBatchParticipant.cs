namespace RocketOps.Remoting.Connections;

/// <summary>
/// Something that must happen before the replies of a batch may leave: the store's write of all records the batch appended.
/// </summary>
public interface IBatchParticipant
{
    /// <summary>
    /// Called once at the end of the batch, on the connection's loop. Returns true when the replies may leave now. Returns false to take ownership of
    /// <paramref name="replies"/>: the participant then calls <see cref="DeferredReplies.Release"/> or <see cref="DeferredReplies.ReleaseAs"/> exactly once, later, from any thread.
    /// </summary>
    bool CompleteBatch(DeferredReplies replies);
}
