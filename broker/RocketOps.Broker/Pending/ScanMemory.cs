namespace RocketOps.Broker.Pending;

/// <summary>
/// Remembers the scans of the topics that were asked for last, a bounded number. One that is not through yet keeps its place as long as somebody goes on asking, so that many topics which are
/// drained at the same time finish one after the other instead of beginning anew by turns. Not thread-safe.
/// </summary>
internal sealed class ScanMemory(TimeProvider time)
{
    /// <summary>Topics that are looked through at the same time.</summary>
    public const int MostScans = 16;

    /// <summary>
    /// Time without a question after which a scan may make room for another: a client that waits for a topic asks more often.
    /// </summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly List<Remembered> _scans = [];

    /// <summary>The topic's scan, as far as it came, or a new one; null when there is no room: ask again.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="fromQueue">The first queue that matters.</param>
    /// <param name="generation">Generation of the log: after a cut its queues hold something else.</param>
    public TopicScan? Find(string topic, int fromQueue, int generation)
    {
        _scans.RemoveAll(remembered => remembered.Scan.Generation != generation);
        if (_scans.Find(remembered => remembered.Scan.Topic == topic && remembered.Scan.FromQueue == fromQueue) is not { } found)
        {
            if (_scans.Count >= MostScans && !MakeRoom())
            {
                return null;
            }

            found = new Remembered(new TopicScan(topic, fromQueue, generation));
            _scans.Add(found);
        }

        found.AskedAt = time.GetTimestamp();
        return found.Scan;
    }

    private bool MakeRoom()
    {
        Remembered? oldest = _scans.Where(remembered => remembered.Scan.IsThrough || time.GetElapsedTime(remembered.AskedAt) >= Patience).MinBy(static remembered => remembered.AskedAt);
        return oldest is not null && _scans.Remove(oldest);
    }

    private sealed class Remembered(TopicScan scan)
    {
        public TopicScan Scan { get; } = scan;

        public long AskedAt { get; set; }
    }
}
