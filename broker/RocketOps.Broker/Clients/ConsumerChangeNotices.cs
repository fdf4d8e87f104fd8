using Microsoft.Extensions.Logging;

namespace RocketOps.Broker.Clients;

/// <summary>
/// Decides when the members of a consumer group are told that it has changed. The first change is told at once; those that follow within a tenth of a second share one
/// notice, so that n members that join together cost a few times n frames and not n². After the last change there is always a notice. Thread-safe.
/// </summary>
/// <param name="tell">Tells the members a group has at that moment.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Where failures go.</param>
internal sealed partial class ConsumerChangeNotices(Action<ConsumerGroup> tell, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    /// <summary>Clients share the queues out anew every 20 s without being told; a tenth of a second more or less is nothing to them.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly Lock _gate = new();

    // Groups that were told within the last interval; true when they have changed since.
    private readonly Dictionary<ConsumerGroup, bool> _recent = [];
    private ITimer? _timer;
    private bool _disposed;

    public void Changed(ConsumerGroup group)
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            if (_recent.ContainsKey(group))
            {
                _recent[group] = true;
                return;
            }

            _recent[group] = false;
            if (_recent.Count == 1)
            {
                _timer ??= time.CreateTimer(static state => ((ConsumerChangeNotices)state!).TellChanged(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
                _timer.Change(Interval, Timeout.InfiniteTimeSpan);
            }
        }

        tell(group);
    }

    public ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _disposed = true;
            _recent.Clear();
            return _timer?.DisposeAsync() ?? ValueTask.CompletedTask;
        }
    }

    private void TellChanged()
    {
        List<ConsumerGroup> changed = [];
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            // Before their members are read: a change from here on is told by the next round.
            foreach ((ConsumerGroup group, bool hasChanged) in _recent)
            {
                if (hasChanged)
                {
                    changed.Add(group);
                }
            }

            _recent.Clear();
            foreach (ConsumerGroup group in changed)
            {
                _recent[group] = false;
            }

            if (changed.Count > 0)
            {
                _timer!.Change(Interval, Timeout.InfiniteTimeSpan);
            }
        }

        foreach (ConsumerGroup group in changed)
        {
            TryTell(group);
        }
    }

    private void TryTell(ConsumerGroup group)
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
