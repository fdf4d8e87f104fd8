using RocketOps.Protocol.Commands;

namespace RocketOps.Remoting.Connections;

/// <summary>Answer of a request that a caller waits for, and the timer that ends the wait. Disposing it stops the timer.</summary>
internal sealed class AwaitedAnswer : TaskCompletionSource<RemotingCommand>, IDisposable
{
    private readonly RemotingConnection _connection;
    private readonly int _code;
    private readonly TimeSpan _timeout;
    private readonly long _sentAt;
    private readonly ITimer _timer;
    private TimeSpan _extra;

    /// <summary>Runs no timer before <see cref="Start"/>.</summary>
    public AwaitedAnswer(RemotingConnection connection, int code, TimeSpan timeout, TimeProvider time)
        : base(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        _connection = connection;
        _code = code;
        _timeout = timeout;
        _sentAt = time.GetTimestamp();
        _timer = time.CreateTimer(static state => ((AwaitedAnswer)state!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The request has left: its time runs.</summary>
    public void Start() => _timer.Change(_timeout, Timeout.InfiniteTimeSpan);

    public void Dispose() => _timer.Dispose();

    private void OnTimer()
    {
        TimeoutJudgement judgement = _connection.JudgeTimeout(_sentAt, _timeout + _extra);
        if (judgement.Cause == TimeoutCause.BusyProgram && _extra == TimeSpan.Zero)
        {
            _extra = RemotingConnection.ExtraTime;
            _timer.Change(_extra, Timeout.InfiniteTimeSpan);
            return;
        }

        string text = $"{_connection.RemoteEndPoint} did not answer {RequestName.Of(_code)} within {(_timeout + _extra).TotalMilliseconds:0} ms";
        if (TrySetException(judgement.ToException(text)))
        {
            _connection.GiveUpIfSilent(judgement);
        }
    }
}
