namespace RocketOps.Remoting.Connections;

/// <summary>
/// Something that must happen before the replies of a batch may leave: the store's write of all records that were appended. One round of a driver takes the requests of
/// all its readable connections; the order within a round is: handle all frames, <see cref="Commit"/>, <see cref="CompleteBatch"/> for each connection, send, <see cref="AfterReplies"/>.
/// </summary>
public interface IBatchParticipant
{
    /// <summary>
    /// Called once per round of a driver, after all frames that were readable were handled and before any reply. The only call that the kernel may hold up; it never
    /// waits for another thread's write. Rounds of several drivers call it concurrently.
    /// </summary>
    void Commit();

    /// <summary>
    /// Called for each connection that joined, after <see cref="Commit"/>. Returns true when the replies may leave now. Returns false to take ownership of
    /// <paramref name="replies"/>, after <see cref="DeferredReplies.Hold"/>: the participant then calls <see cref="DeferredReplies.Release"/> or <see cref="DeferredReplies.ReleaseAs"/> exactly once, later,
    /// from any thread. Never blocks.
    /// </summary>
    bool CompleteBatch(DeferredReplies replies);

    /// <summary>
    /// Called once per round, after the round's replies were sent: what the commit makes possible but no reply waits for, such as dispatch and the waking of long polls.
    /// Bounded, never blocks.
    /// </summary>
    void AfterReplies();
}
