using Microsoft.Extensions.Logging;

namespace RocketOps.Broker.Clients;

/// <summary>
/// Decides when the members of a consumer group are told that it has changed. At once, mostly: until a member hears that another one has joined, both read the queues that have changed hands, and what is
/// read then is delivered twice. Only in large groups that change fast notices are gathered, as n members that join together would cost n² frames, and as many lists of n members that they ask for: then the
/// broker has a budget, and the groups that wait have their turns. After the last change there is always a notice. Thread-safe.
/// </summary>
/// <param name="tell">Tells the members a group has at that moment.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Where failures go.</param>
internal sealed partial class ConsumerChangeNotices(Action<OnlineGroup> tell, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    /// <summary>Members up to which every change is told at once: as many that join together cost 528 frames.</summary>
    public const int SmallGroup = 32;

    /// <summary>Frames a second for large groups that change fast, of the whole broker: a hundred members that join together are told of each other at once.</summary>
    public const int FramesPerSecond = 5_000;

    /// <summary>A group that was told of no change for so long does not change fast.</summary>
    public static readonly TimeSpan Quiet = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();

    // Groups to be told when their turn comes, in that order, and how many members they have.
    private readonly Queue<OnlineGroup> _turns = new();
    private readonly Dictionary<OnlineGroup, int> _waiting = [];

    // Frames that may be sent now, less than none after a large group was told; as of that time.
    private double _frames = FramesPerSecond;
    private long _countedAt;
    private ITimer? _timer;
    private bool _disposed;

    /// <summary>The group, which has so many members now, has changed.</summary>
    public void Changed(OnlineGroup group, int members)
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            if (members > SmallGroup && !MayBeToldNow(group))
            {
                if (!_waiting.ContainsKey(group))
                {
                    _turns.Enqueue(group);
                }

                _waiting[group] = members;
                if (_turns.Count == 1)
                {
                    Wait();
                }

                return;
            }

            NoteTold(group, members);
        }

        tell(group);
    }

    public ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _disposed = true;
            _turns.Clear();
            _waiting.Clear();
            return _timer?.DisposeAsync() ?? ValueTask.CompletedTask;
        }
    }

    /// <summary>Under the lock.</summary>
    private bool MayBeToldNow(OnlineGroup group) =>
        !_waiting.ContainsKey(group) && (group.ToldAt is not { } toldAt || time.GetElapsedTime(toldAt) >= Quiet || HasBudget());

    /// <summary>Under the lock.</summary>
    private bool HasBudget()
    {
        Refill();
        return _frames >= 1;
    }

    /// <summary>Under the lock.</summary>
    private void Refill()
    {
        long now = time.GetTimestamp();
        _frames = Math.Min(FramesPerSecond, _frames + (time.GetElapsedTime(_countedAt, now).TotalSeconds * FramesPerSecond));
        _countedAt = now;
    }

    /// <summary>Under the lock. The largest group owes a second at most: the others' turns come.</summary>
    private void NoteTold(OnlineGroup group, int members)
    {
        group.ToldAt = time.GetTimestamp();
        if (members > SmallGroup)
        {
            Refill();
            _frames = Math.Max(_frames - members, -FramesPerSecond);
        }
    }

    /// <summary>Under the lock: the timer fires when there is a budget again.</summary>
    private void Wait()
    {
        _timer ??= time.CreateTimer(static state => ((ConsumerChangeNotices)state!).TellWaiting(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer.Change(TimeSpan.FromMilliseconds(Math.Max(1, Math.Ceiling((1 - _frames) * 1000 / FramesPerSecond))), Timeout.InfiniteTimeSpan);
    }

    private void TellWaiting()
    {
        while (true)
        {
            OnlineGroup group;
            lock (_gate)
            {
                if (_disposed || _turns.Count == 0)
                {
                    return;
                }

                if (!HasBudget())
                {
                    Wait();
                    return;
                }

                // Before its members are read: a change from here on waits for another turn.
                group = _turns.Dequeue();
                _waiting.Remove(group, out int members);
                NoteTold(group, members);
            }

            TryTell(group);
        }
    }

    private void TryTell(OnlineGroup group)
    {
        try
        {
            tell(group);
        }
        catch (Exception failure)
        {
            // On a timer: an exception would end the process. Members share out the queues every 20 s anyway.
            LogFailed(failure, group.Name);
        }
    }

    [LoggerMessage(EventId = 3511, Level = LogLevel.Error, Message = "Telling the members of {Group} that it has changed failed; they notice by themselves within 20 s")]
    private partial void LogFailed(Exception failure, string group);
}
