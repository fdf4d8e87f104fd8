namespace RocketOps.Client.Routing;

/// <summary>
/// The route of one topic, and whether anybody looks for it. Changed and swept under the gate of the <see cref="RouteCache"/>; looked for
/// by anybody.
/// </summary>
internal sealed class KnownRoute(TopicRoute route, long asked, long answeredAt)
{
    private volatile TopicRoute _route = route;
    private volatile bool _isUsed = true;
    private int _idleSweeps;
    private long _answeredAt = answeredAt;

    public TopicRoute Route => _route;

    /// <summary>The number of the question it is the answer to.</summary>
    public long Asked { get; private set; } = asked;

    /// <summary>Time stamp of the monotonic clock when a name server last answered for this topic.</summary>
    public long AnsweredAt => Volatile.Read(ref _answeredAt);

    public void Learn(TopicRoute answer, long question, long at)
    {
        Volatile.Write(ref _answeredAt, at);
        _route = answer;
        Asked = question;
    }

    /// <summary>Somebody looks for it. Written once between two sweeps: every send comes here.</summary>
    public void Use()
    {
        if (!_isUsed)
        {
            _isUsed = true;
        }
    }

    /// <summary>Counts a sweep: how many there were since somebody looked for it.</summary>
    public int CountSweep()
    {
        _idleSweeps = _isUsed ? 0 : _idleSweeps + 1;
        _isUsed = false;
        return _idleSweeps;
    }
}
