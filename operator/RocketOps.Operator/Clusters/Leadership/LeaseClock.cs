using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Informers;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Operator.Clusters.Leadership;

/// <summary>
/// Knows which Leases of groups are not renewed any more, as an observer of the group does: by this process's monotonic clock from the last change that it saw, never by comparing the holder's time with its own. What it
/// sees for the first time has changed now, and is doubtful when it had ended then by the time in it: either a clock is wrong, or its holder has gone before this process came. It is told by the watch, which costs no request, and by every pass that reads a Lease. A watch that tells of no renewal may stand still: a Lease is overdue then, and expired only when the
/// server, asked later, has none either. What cannot be read any more stays what it was known to be.
/// Wakes the cluster of a Lease when that expires, when an expired one changes, and when another member holds it; renewals wake nobody. Forgotten with the process. Thread-safe.
/// </summary>
internal sealed class LeaseClock(TimeProvider time) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ObjectKey, Watched> _watched = [];
    private Action<ObjectKey>? _wake;

    /// <summary>Notes what the server, asked for the Lease of a group of a cluster, has answered.</summary>
    public void Read(ObjectKey cluster, Lease lease)
    {
        Saw(cluster, lease);
        lock (_lock)
        {
            if (_watched.TryGetValue(lease.Key(), out Watched? watched) && watched.Last == Renewal.Of(lease))
            {
                watched.ReadAt = time.GetTimestamp();
            }
        }
    }

    /// <summary>Notes what the watch shows of the Lease of a group of a cluster.</summary>
    public void Saw(ObjectKey cluster, Lease lease)
    {
        ArgumentNullException.ThrowIfNull(lease);
        Renewal now = Renewal.Of(lease);
        Action<ObjectKey>? wake = null;
        lock (_lock)
        {
            if (!_watched.TryGetValue(lease.Key(), out Watched? watched))
            {
                bool hadEnded = now is { Holder.Length: > 0, RenewTime: { } renewed, Duration: { } duration }
                    && time.GetUtcNow() - renewed >= duration;
                _watched[lease.Key()] = watched = new Watched(cluster, hadEnded);
                watched.Timer = time.CreateTimer(_ => OnTimer(watched), state: null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            }
            else if (watched.Last == now || (watched.Last.Uid == now.Uid && ResourceVersions.IsNewer(watched.Version, lease.Metadata.ResourceVersion)))
            {
                // The same again, or what a watch that lags behind tells after a pass has seen more: no renewal.
                return;
            }
            else
            {
                wake = IsOverdue(watched) || (now.Holder.Length > 0 && now.Holder != watched.Last.Holder) ? _wake : null;
                watched.HadEnded = false;
            }

            // Its label may have been another's when it was seen first.
            watched.Cluster = cluster;
            watched.Last = now;
            watched.Version = lease.Metadata.ResourceVersion;
            watched.ChangedAt = time.GetTimestamp();
            watched.Timer!.Change(now.Duration ?? Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }

        wake?.Invoke(cluster);
    }

    /// <summary>No renewal of the Lease was seen for as long as it lasts. False of one that does not say how long that is, or was never seen.</summary>
    public bool IsOverdue(Lease lease)
    {
        ArgumentNullException.ThrowIfNull(lease);
        lock (_lock)
        {
            return _watched.TryGetValue(lease.Key(), out Watched? watched) && IsOverdue(watched);
        }
    }

    /// <summary>
    /// Returns true when, by the time in it, the Lease had ended when it was seen first, and was not renewed since: whether its holder has
    /// gone or a clock is wrong is not known before it is renewed, or could have been.
    /// </summary>
    public bool IsDoubtful(Lease lease)
    {
        ArgumentNullException.ThrowIfNull(lease);
        lock (_lock)
        {
            return _watched.TryGetValue(lease.Key(), out Watched? watched) && watched.HadEnded;
        }
    }

    /// <summary>It was overdue when the server was last asked for it, and was not renewed since: nobody has renewed it for as long as it lasts.</summary>
    public bool IsExpired(Lease lease)
    {
        ArgumentNullException.ThrowIfNull(lease);
        lock (_lock)
        {
            return _watched.TryGetValue(lease.Key(), out Watched? watched)
                && watched is { ReadAt: { } read, Last.Duration: { } duration } && time.GetElapsedTime(watched.ChangedAt, read) >= duration;
        }
    }

    /// <summary>Calls back with the key of a cluster for which there is news, until disposed. One subscriber at a time.</summary>
    /// <param name="watch">Tells of every change of a Lease.</param>
    /// <param name="wake">Called from any thread.</param>
    public IDisposable Subscribe(Func<Action<InformerEvent<Lease>>, IDisposable> watch, Action<ObjectKey> wake)
    {
        ArgumentNullException.ThrowIfNull(watch);
        lock (_lock)
        {
            _wake = wake;
        }

        return new Subscription(this, watch(OnChange));
    }

    public void Dispose()
    {
        lock (_lock)
        {
            foreach (Watched watched in _watched.Values)
            {
                watched.Timer!.Dispose();
            }

            _watched.Clear();
        }
    }

    /// <summary>Returns the cluster of a Lease that is watched, as the watch goes by the label.</summary>
    private static ObjectKey ClusterOf(Lease lease) => new(lease.Namespace(), lease.Label(ClusterLabels.Cluster) ?? string.Empty);

    private void OnChange(InformerEvent<Lease> change)
    {
        Action<ObjectKey>? wake;
        if (change.Type != InformerEventType.Deleted)
        {
            Saw(ClusterOf(change.Object), change.Object);
            if (change.Previous is { } previous && ClusterOf(previous) != ClusterOf(change.Object))
            {
                // Whose it was sees that it is labelled as another's.
                lock (_lock)
                {
                    wake = _wake;
                }

                wake?.Invoke(ClusterOf(previous));
            }

            return;
        }

        lock (_lock)
        {
            wake = _wake;
            if (_watched.Remove(change.Object.Key(), out Watched? watched))
            {
                watched.Timer!.Dispose();
            }
        }

        wake?.Invoke(ClusterOf(change.Object));
    }

    private void OnTimer(Watched watched)
    {
        Action<ObjectKey>? wake = null;
        lock (_lock)
        {
            if (IsOverdue(watched))
            {
                wake = _wake;
            }
            else if (watched.Last.Duration is { } duration && _watched.ContainsValue(watched))
            {
                // Timers and the clock are not the same, and a change may have come while this one fired.
                TimeSpan left = duration - time.GetElapsedTime(watched.ChangedAt);
                watched.Timer!.Change(left > TimeSpan.FromMilliseconds(1) ? left : TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
            }
        }

        wake?.Invoke(watched.Cluster);
    }

    private bool IsOverdue(Watched watched) => watched.Last.Duration is { } duration && time.GetElapsedTime(watched.ChangedAt) >= duration;

    /// <param name="Uid">A Lease that was made anew is another.</param>
    /// <param name="Holder">Empty while nobody holds it.</param>
    /// <param name="Epoch">Grows with every holder.</param>
    /// <param name="RenewTime">By the holder's clock: good for telling one renewal from another, and for doubting at the first look, and for nothing else here.</param>
    /// <param name="Duration">How long a renewal lasts; null when the Lease does not say.</param>
    private sealed record Renewal(string? Uid, string Holder, int Epoch, DateTimeOffset? RenewTime, TimeSpan? Duration)
    {
        public static Renewal Of(Lease lease) => new(
            lease.Metadata.Uid,
            lease.Spec?.HolderIdentity ?? string.Empty,
            lease.Spec?.LeaseTransitions ?? 0,
            lease.Spec?.RenewTime,
            lease.Spec?.LeaseDurationSeconds is > 0 and { } seconds ? TimeSpan.FromSeconds(seconds) : null);
    }

    private sealed class Watched(ObjectKey cluster, bool hadEnded)
    {
        public ObjectKey Cluster { get; set; } = cluster;

        public Renewal Last { get; set; } = new(null, string.Empty, 0, null, null);

        public string? Version { get; set; }

        /// <summary>It had ended when it was seen first, by the time in it and this process's clock, and was not renewed since.</summary>
        public bool HadEnded { get; set; } = hadEnded;

        public long ChangedAt { get; set; }

        /// <summary>Time at which the server was last asked, and had what is noted here; null before.</summary>
        public long? ReadAt { get; set; }

        public ITimer? Timer { get; set; }
    }

    private sealed class Subscription(LeaseClock clock, IDisposable watch) : IDisposable
    {
        public void Dispose()
        {
            watch.Dispose();
            lock (clock._lock)
            {
                clock._wake = null;
            }
        }
    }
}
