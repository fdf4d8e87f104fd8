namespace RocketOps.Remoting.Connections;

/// <summary>
/// Silence of a client's peer: the time since bytes were last read from it. This program's own writes do not end it, as they succeed on a
/// dead connection for minutes. Thread-safe.
/// </summary>
/// <param name="time">Clock.</param>
/// <param name="unreadBytes">Counts the bytes that have arrived and that nothing has read yet.</param>
internal sealed class PeerSilence(TimeProvider time, Func<int> unreadBytes)
{
    /// <summary>
    /// Least time of a request that judges its peer: a little under a second, so that each third of the 3 s of a send can.
    /// </summary>
    public static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(900);

    /// <summary>Delay of a timer from which on the thread pool counts as busy.</summary>
    public static readonly TimeSpan TolerableDelay = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(30);

    private readonly Lock _reporting = new();
    private long? _reportedAt;
    private long _lastRead = time.GetTimestamp();

    /// <summary>Time since bytes were last read.</summary>
    public TimeSpan Length => time.GetElapsedTime(Volatile.Read(ref _lastRead));

    /// <summary>True when bytes have arrived that nothing has read yet.</summary>
    public bool HasUnreadBytes => unreadBytes() > 0;

    /// <summary>Bytes were read at this timestamp.</summary>
    public void NoteRead(long at) => Volatile.Write(ref _lastRead, at);

    /// <summary>Judges a request whose time is over. Called by the timer itself, so that a late call is a late timer.</summary>
    /// <param name="sentAt">Timestamp from just before the request was sent.</param>
    /// <param name="wait">Time that its answer had.</param>
    /// <param name="outstanding">Requests without an answer on the connection.</param>
    public TimeoutJudgement Judge(long sentAt, TimeSpan wait, int outstanding)
    {
        TimeSpan late = time.GetElapsedTime(sentAt) - wait;
        bool wasHeard = Volatile.Read(ref _lastRead) > sentAt;

        // On a connection that is read from, bytes lie unread for a moment all the time: they tell something on a silent one alone.
        if (late > TolerableDelay || (!wasHeard && HasUnreadBytes))
        {
            return new TimeoutJudgement(TimeoutCause.BusyProgram, late > TimeSpan.Zero ? late : TimeSpan.Zero, ThreadPool.PendingWorkItemCount);
        }

        return new TimeoutJudgement(wasHeard || wait < ShortestWait ? TimeoutCause.SlowPeer : TimeoutCause.SilentPeer, Length, outstanding);
    }

    /// <summary>True for the first report of a busy thread pool, and for one every 30 s: many requests run out of time together.</summary>
    public bool MayReport()
    {
        lock (_reporting)
        {
            if (_reportedAt is { } reported && time.GetElapsedTime(reported) < ReportInterval)
            {
                return false;
            }

            _reportedAt = time.GetTimestamp();
            return true;
        }
    }
}
