using System.Collections.Concurrent;
using RocketOps.Kubernetes.Entities;
using RocketOps.Operator.Settings;

namespace RocketOps.Operator.Controllers;

/// <summary>
/// Pace at which a cluster that waits for something is looked at again without an event: at once while its status changes, and less and
/// less often the longer it stays the same. An image that is not there may be waited for over a weekend. Forgotten with the process.
/// Thread-safe.
/// </summary>
internal sealed class WaitingPace(OperatorOptions options, TimeProvider time)
{
    private readonly ConcurrentDictionary<ObjectKey, long> _sameSince = new();

    /// <summary>Time within which what sends no event (a registration, the end of a pause) comes, or something is wrong.</summary>
    private TimeSpan Usual => options.RouteRefreshGrace > options.MasterRestartPause ? options.RouteRefreshGrace : options.MasterRestartPause;

    /// <param name="cluster">The cluster.</param>
    /// <param name="changed">Whether its status is another one since the last look.</param>
    public TimeSpan Next(ObjectKey cluster, bool changed)
    {
        long now = time.GetTimestamp();
        long since = changed ? _sameSince[cluster] = now : _sameSince.GetOrAdd(cluster, now);
        long beyond = (time.GetElapsedTime(since, now) - Usual).Ticks;
        return TimeSpan.FromTicks(Math.Clamp(beyond / 4, options.ProgressInterval.Ticks, Math.Max(options.ProgressInterval.Ticks, options.ResyncInterval.Ticks / 2)));
    }

    /// <summary>The cluster is no more, or waits for nothing.</summary>
    public void Forget(ObjectKey cluster) => _sameSince.TryRemove(cluster, out _);
}
