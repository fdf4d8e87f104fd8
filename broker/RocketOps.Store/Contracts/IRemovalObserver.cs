namespace RocketOps.Store.Contracts;

/// <summary>
/// Told of messages that retention has removed with a file of the log. Called by the store's maintenance thread, one call at a time;
/// implementations must not wait, and must not throw.
/// </summary>
public interface IRemovalObserver
{
    /// <summary>
    /// True when the observer wants to know of the queue: the store then learns where that begins before a file goes, which may read the disk once.
    /// </summary>
    bool IsInterestedIn(string topic, int queueId);

    /// <summary>Messages of a queue are gone.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="queueId">The queue.</param>
    /// <param name="from">Queue offset of the first of them.</param>
    /// <param name="to">Queue offset behind the last: the first message that the queue still has.</param>
    void OnRemoved(string topic, int queueId, long from, long to);

    /// <summary>Called once after all calls of <see cref="OnRemoved"/> for one removal.</summary>
    /// <param name="path">Newest file of the log that was removed.</param>
    void OnRemovalCompleted(string path);
}
