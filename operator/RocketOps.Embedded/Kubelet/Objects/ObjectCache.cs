using Microsoft.Extensions.Logging;

namespace RocketOps.Embedded.Kubelet.Objects;

/// <summary>
/// All objects of one kind, kept current by list and watch. Readers get immutable objects. Answers of own writes are
/// put in by <see cref="Observe"/>, so that a controller never acts twice because the watch lags behind its write.
/// </summary>
internal sealed partial class ObjectCache(ClusterClient client, ResourceKind kind, TimeProvider time, ILogger logger)
{
    // An own write's answer may arrive after the watch has already reported the object's end; the uids of recently
    // deleted objects keep it from coming back. 1024 is far more than one laptop deletes within such a gap.
    private const int RememberedDeletions = 1024;
    private static readonly TimeSpan ShortestHealthyWatch = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FirstBackOff = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestBackOff = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, KubeObject> _items = new(StringComparer.Ordinal);
    private readonly Queue<string> _deletedOrder = new();
    private readonly HashSet<string> _deleted = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource _synced = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Called for each change (add handlers before the cache runs), on the cache's own loop or that of a writer; handlers only enqueue.</summary>
    public Action<KubeObject>? Changed { get; set; }

    /// <summary>Called with the last known state of an object that is gone.</summary>
    public Action<KubeObject>? Removed { get; set; }

    public ResourceKind Kind => kind;

    /// <summary>Completes when the first list is in.</summary>
    public Task Synced => _synced.Task;

    public IReadOnlyList<KubeObject> All()
    {
        lock (_gate)
        {
            return [.. _items.Values];
        }
    }

    public KubeObject? Find(string ns, string name) => Find(ObjectKey.Of(ns, name));

    public KubeObject? Find(string key)
    {
        lock (_gate)
        {
            return _items.GetValueOrDefault(key);
        }
    }

    /// <summary>Takes the answer of an own write into the cache unless something newer is there.</summary>
    public void Observe(KubeObject written)
    {
        if (Put(written))
        {
            Changed?.Invoke(written);
        }
    }

    public async Task RunAsync(CancellationToken cancellation)
    {
        TimeSpan backOff = FirstBackOff;
        string? version = null;
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                if (version is null)
                {
                    ObjectList list = await client.ListAsync(kind, cancellation);
                    Replace(list);
                    version = list.ResourceVersion;
                    _synced.TrySetResult();
                }

                // Watches of all kinds must not end together.
                int timeoutSeconds = Random.Shared.Next(300, 600);
                long begun = time.GetTimestamp();
                await foreach (WatchEvent change in client.WatchAsync(kind, version, timeoutSeconds, cancellation))
                {
                    Apply(change);
                    version = change.Object.ResourceVersion;
                    backOff = FirstBackOff;
                }

                if (time.GetElapsedTime(begun) < ShortestHealthyWatch)
                {
                    // A server that ends streams at once must not be asked in a tight loop.
                    await Task.Delay(backOff, time, cancellation);
                }
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure)
            {
                if (failure is ClusterApiException { IsExpired: true })
                {
                    LogRelist(logger, kind.Plural);
                    version = null;
                }
                else
                {
                    LogWatchFailed(logger, failure, kind.Plural, backOff);
                }

                await Task.Delay(backOff, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                backOff = TimeSpan.FromTicks(Math.Min(backOff.Ticks * 2, LongestBackOff.Ticks));
            }
        }
    }

    private void Apply(WatchEvent change)
    {
        switch (change.Type)
        {
            case WatchEventType.Upserted:
                Observe(change.Object);
                break;
            case WatchEventType.Deleted:
                Remove(change.Object);
                break;
            case WatchEventType.Bookmark:
                break;
        }
    }

    private bool Put(KubeObject item)
    {
        lock (_gate)
        {
            if (_deleted.Contains(item.Uid))
            {
                return false;
            }

            if (_items.TryGetValue(item.Key, out KubeObject? known)
                && known.Uid == item.Uid
                && !KubeObject.IsNewer(item.ResourceVersion, known.ResourceVersion))
            {
                return false;
            }

            _items[item.Key] = item;
            return true;
        }
    }

    private void Remove(KubeObject item)
    {
        lock (_gate)
        {
            Forget(item.Uid);
            if (_items.TryGetValue(item.Key, out KubeObject? known) && known.Uid == item.Uid)
            {
                _items.Remove(item.Key);
            }
        }

        Removed?.Invoke(item);
    }

    private void Replace(ObjectList list)
    {
        List<KubeObject> gone = new();
        lock (_gate)
        {
            HashSet<string> uids = list.Items.Select(item => item.Uid).ToHashSet(StringComparer.Ordinal);
            foreach (KubeObject known in _items.Values.Where(known => !uids.Contains(known.Uid)).ToList())
            {
                if (KubeObject.IsNewer(known.ResourceVersion, list.ResourceVersion))
                {
                    // An own write that the list was too early for.
                    continue;
                }

                // Deletions that happened while no watch ran.
                _items.Remove(known.Key);
                Forget(known.Uid);
                gone.Add(known);
            }
        }

        foreach (KubeObject item in gone)
        {
            Removed?.Invoke(item);
        }

        foreach (KubeObject item in list.Items)
        {
            Observe(item);
        }
    }

    private void Forget(string uid)
    {
        if (!_deleted.Add(uid))
        {
            return;
        }

        _deletedOrder.Enqueue(uid);
        if (_deletedOrder.Count > RememberedDeletions)
        {
            _deleted.Remove(_deletedOrder.Dequeue());
        }
    }

    [LoggerMessage(EventId = 7001, Level = LogLevel.Debug, Message = "Watch of {Kind} expired; listing again.")]
    private static partial void LogRelist(ILogger logger, string kind);

    [LoggerMessage(EventId = 7002, Level = LogLevel.Warning, Message = "Watch of {Kind} failed; next try in {Delay}.")]
    private static partial void LogWatchFailed(ILogger logger, Exception failure, string kind, TimeSpan delay);
}
