using System.Globalization;

namespace RocketOps.Remoting.Connections;

/// <summary>Reason why a request has no answer when its time is over.</summary>
public enum TimeoutCause
{
    /// <summary>
    /// The peer has sent other bytes since the request left, or the request had too little time to tell: the connection stays.
    /// </summary>
    SlowPeer,

    /// <summary>Nothing at all was read from the peer since the request left: the connection is given up.</summary>
    SilentPeer,

    /// <summary>
    /// This program is too busy to read answers: the connection stays, and the answer gets <see cref="RemotingConnection.ExtraTime"/>.
    /// </summary>
    BusyProgram,
}

/// <summary>Judgement on a request whose answer did not come in time, see <see cref="RemotingConnection.JudgeTimeout"/>.</summary>
/// <param name="Cause">The reason.</param>
/// <param name="Length">Silence of the peer; for a busy program the time by which a timer was late.</param>
/// <param name="Count">Requests without an answer on the connection; for a busy program the work items that wait for a thread.</param>
public readonly record struct TimeoutJudgement(TimeoutCause Cause, TimeSpan Length, long Count)
{
    /// <summary>Exception for the caller of the request: a <see cref="ProgramBusyException"/> when this program is to blame.</summary>
    /// <param name="text">The sentence that says which request had no answer within which time.</param>
    public TimeoutException ToException(string text) => Cause == TimeoutCause.BusyProgram
        ? new ProgramBusyException(string.Create(
            CultureInfo.InvariantCulture, $"{text}; this program's thread pool is busy: a timer was {Length.TotalMilliseconds:0} ms late, {Count} work items wait"))
        : new TimeoutException(text);
}
