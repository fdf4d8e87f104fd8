using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Kubernetes.Timing;

namespace RocketOps.Kubernetes.Informers;

/// <summary>
/// Lists once, then watches from the list's version on, for ever. Whatever goes wrong ends in going on from the last version seen, or in a new list, which is
/// compared with the cache so that changes and deletions of the gap are told too.
/// </summary>
public sealed partial class Informer<T> : IInformer<T>, IInformerLoop
    where T : class, IKubernetesObject
{
    private const string OwnerIndex = "owner";
    private const string LastAppliedAnnotation = "kubectl.kubernetes.io/last-applied-configuration";

    /// <summary>A watch that ends sooner without having said anything is a failure in disguise.</summary>
    private static readonly TimeSpan ShortestHealthyWatch = TimeSpan.FromSeconds(1);

    /// <summary>A watch that lived this long clears the count of failures.</summary>
    private static readonly TimeSpan HealthyWatch = TimeSpan.FromMinutes(2);

    /// <summary>Failures in a row after which the version is not trusted any more.</summary>
    private const int FailuresBeforeRelist = 3;

    private readonly IKubernetesClient _client;
    private readonly InformerOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly EntityStore<T> _store = new();
    private readonly UnreadableEntities _unreadable = new();
    private readonly TaskCompletionSource _synced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _dispatch = new();
    private readonly List<Action<InformerEvent<T>>> _handlers = [];
    private readonly Lock _versions = new();
    private TaskCompletionSource _moved = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly WatchedScope[] _scopes;

    public Informer(IKubernetesClient client, InformerOptions? options = null, TimeProvider? time = null, ILogger<Informer<T>>? logger = null)
    {
        ArgumentNullException.ThrowIfNull(client);
        _client = client;
        _options = options ?? new InformerOptions();
        _time = time ?? TimeProvider.System;
        _logger = logger ?? NullLogger<Informer<T>>.Instance;
        long now = _time.GetTimestamp();
        _scopes = _options.Namespaces.Count == 0 ? [new WatchedScope(null, now)] : [.. _options.Namespaces.Distinct(StringComparer.Ordinal).Select(ns => new WatchedScope(ns, now))];
        Kind = client.Types.Get<T>().Kind;
        _store.AddIndex(OwnerIndex, e => e.Metadata.OwnerReferences?.Select(o => o.Uid).Distinct() ?? []);
    }

    public string Kind { get; }

    public bool HasSynced => _synced.Task.IsCompletedSuccessfully;

    public int Count => _store.Count;

    public IReadOnlyDictionary<ObjectKey, string> Unreadable => _unreadable.Reasons;

    public string? Refusal => Array.Find(_scopes, static scope => scope.Refusal is not null)?.Refusal;

    TimeSpan IInformerLoop.Silence => _time.GetElapsedTime(_scopes.Min(static scope => scope.LastHeard));

    string? IInformerLoop.Problem => Array.Find(_scopes, static scope => scope.Problem is not null)?.Problem;

    public T? Get(string? ns, string name) => _store.Get(new ObjectKey(string.IsNullOrEmpty(ns) ? null : ns, name));

    public T? Get(ObjectKey key) => _store.Get(key);

    public IReadOnlyList<T> List(string? ns = null) => _store.List(ns);

    public IReadOnlyList<T> OwnedBy(string ownerUid) => _store.ByIndex(OwnerIndex, ownerUid);

    public IReadOnlyList<T> ByIndex(string index, string value) => _store.ByIndex(index, value);

    public void AddIndex(string name, Func<T, IEnumerable<string>> values) => _store.AddIndex(name, values);

    public Task WaitForSyncAsync(CancellationToken cancellationToken) => _synced.Task.WaitAsync(cancellationToken);

    /// <summary>
    /// Completes when the cache holds what had happened to this kind by the version, as that of an own write's answer: who waits for it never acts twice because the
    /// cache lags behind. Versions of a kind can be compared (kubernetes.md §5.1).
    /// </summary>
    public async Task WaitForVersionAsync(string version, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task moved;
            lock (_versions)
            {
                if (!Array.Exists(_scopes, scope => ResourceVersions.IsLarger(version, scope.Reached)))
                {
                    return;
                }

                moved = _moved.Task;
            }

            await moved.WaitAsync(cancellationToken);
        }
    }

    public IDisposable Subscribe(Action<InformerEvent<T>> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        lock (_dispatch)
        {
            foreach (T entity in _store.List(ns: null))
            {
                Tell(handler, new InformerEvent<T>(InformerEventType.Added, entity, Previous: null, IsInitial: true));
            }

            _handlers.Add(handler);
        }

        return new Subscription(this, handler);
    }

    /// <summary>Tells of every object that cannot be read, now and whenever that or its reason changes, or it can be read again or is gone.</summary>
    internal IDisposable SubscribeUnreadable(Action<ObjectKey> handler) => _unreadable.Subscribe(handler);

    public Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(_scopes.Select(scope => RunAsync(scope, cancellationToken)));

    private async Task RunAsync(WatchedScope scope, CancellationToken cancellationToken)
    {
        string? version = null;
        int failures = 0;
        bool isAway = false;
        while (!cancellationToken.IsCancellationRequested)
        {
            long started = _time.GetTimestamp();
            try
            {
                version ??= await ListAsync(scope, cancellationToken);
                scope.Problem = null;
                int seen = 0;
                await foreach (WatchEvent<T> change in WatchAsync(scope, version, cancellationToken))
                {
                    Heard(scope);
                    Handle(change);
                    version = change.ResourceVersion ?? version;
                    Reached(scope, version);
                    seen++;
                }

                Heard(scope);
                isAway = false;
                TimeSpan lived = _time.GetElapsedTime(started);
                if (seen > 0 || lived >= ShortestHealthyWatch)
                {
                    failures = lived >= HealthyWatch ? 0 : failures;
                    continue;
                }

                failures++;
                LogShortWatch(_logger, Kind);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (KubernetesException e) when (e.IsExpired)
            {
                LogExpired(_logger, Kind, version);
                version = null;
                failures = _time.GetElapsedTime(started) >= HealthyWatch ? 0 : failures + 1;
                if (failures <= 1)
                {
                    continue;
                }
            }
            catch (KubernetesException e) when (e.IsForbidden && _options.MayBeForbidden)
            {
                Forbidden(scope, e);
                isAway = false;
                version = null;
                failures++;
            }
            catch (Exception e)
            {
                // Whatever it was: an informer that ends takes the whole operator with it, and one that goes on tells what is wrong.
                bool isAnswer = e is KubernetesException or InvalidDataException;

                // A server that is back begins with refusals. They are other failures than those of its absence, however many those were.
                bool isNews = isAway && isAnswer;
                isAway = !isAnswer;
                failures = isNews || _time.GetElapsedTime(started) >= HealthyWatch ? 1 : failures + 1;
                if (failures >= FailuresBeforeRelist)
                {
                    version = null;
                }

                scope.Problem = e.Message;
                if (isAnswer || e is HttpRequestException or IOException or TimeoutException or OperationCanceledException)
                {
                    LogFailed(_logger, Kind, failures, e.Message);
                }
                else
                {
                    LogBroken(_logger, e, Kind);
                }
            }

            try
            {
                TimeSpan longest = isAway ? _options.MaxBackoffWithoutAnswer : _options.MaxBackoff;
                await Task.Delay(Backoff.Jitter(Backoff.Exponential(_options.InitialBackoff, longest, failures)), _time, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    /// <summary>
    /// Always the most recent state. client-go begins with any cached one, to spare the server thousands of kubelets listing at once; an operator is one
    /// client, and a list that goes back in time would show it children it has deleted.
    /// </summary>
    private async Task<string> ListAsync(WatchedScope scope, CancellationToken cancellationToken)
    {
        KubernetesList<T> list = await _client.ListAsync<T>(
            new ListOptions { Namespace = scope.Namespace, LabelSelector = _options.LabelSelector, FieldSelector = _options.FieldSelector }, cancellationToken);
        Heard(scope);
        if (string.IsNullOrEmpty(list.Metadata.ResourceVersion))
        {
            throw new InvalidDataException($"The list of {Kind} has no version to watch from.");
        }

        Replace(scope, list);
        Reached(scope, list.Metadata.ResourceVersion);
        scope.Refusal = null;
        Synced(scope);
        return list.Metadata.ResourceVersion;
    }

    private void Synced(WatchedScope scope)
    {
        scope.IsSynced = true;
        if (Array.TrueForAll(_scopes, static one => one.IsSynced) && _synced.TrySetResult())
        {
            LogSynced(_logger, Kind, _store.Count);
        }
    }

    /// <summary>An answer like any other: nobody waits for more, and nothing is wrong. Told once.</summary>
    private void Forbidden(WatchedScope scope, KubernetesException refused)
    {
        Heard(scope);
        scope.Problem = null;
        if (scope.Refusal is null)
        {
            LogForbidden(_logger, Kind, refused.Status.Message);
        }

        scope.Refusal = refused.Status.Message ?? refused.Message;
        Synced(scope);
    }

    private IAsyncEnumerable<WatchEvent<T>> WatchAsync(WatchedScope scope, string version, CancellationToken cancellationToken)
    {
        TimeSpan timeout = _options.WatchTimeout * (1 + Random.Shared.NextDouble());
        return _client.WatchAsync<T>(
            new WatchOptions
            {
                Namespace = scope.Namespace,
                LabelSelector = _options.LabelSelector,
                FieldSelector = _options.FieldSelector,
                ResourceVersion = version,
                Timeout = timeout,
                IdleTimeout = timeout + _options.IdleMargin,
            },
            cancellationToken);
    }

    private void Replace(WatchedScope scope, KubernetesList<T> list)
    {
        lock (_dispatch)
        {
            HashSet<ObjectKey> present = new();
            foreach (T entity in list.Items)
            {
                ObjectKey key = ObjectKey.Of(entity);
                present.Add(key);
                if (_store.Get(key)?.Metadata.ResourceVersion is { } known && known == entity.Metadata.ResourceVersion && !Unreadable.ContainsKey(key))
                {
                    continue;
                }

                Changed(key, () => Put(key, entity, isInitial: true));
            }

            foreach (UnreadableObject unreadable in list.Unreadable)
            {
                // It exists: what we last understood of it stays.
                present.Add(UnreadableEntities.KeyOf(unreadable));
                Keep(unreadable);
            }

            foreach (ObjectKey gone in _store.Keys().Union(Unreadable.Keys).Where(k => (scope.Namespace is null || k.Namespace == scope.Namespace) && !present.Contains(k)))
            {
                Changed(gone, () => Delete(gone, last: null));
            }
        }
    }

    private void Handle(WatchEvent<T> change)
    {
        lock (_dispatch)
        {
            bool isGone = change.Type == WatchEventType.Deleted;
            if (change.Unreadable is { } unreadable)
            {
                ObjectKey name = UnreadableEntities.KeyOf(unreadable);
                if (isGone)
                {
                    Changed(name, () => Delete(name, last: null));
                }
                else
                {
                    Keep(unreadable);
                }
            }
            else if (change.Object is { } entity)
            {
                ObjectKey key = ObjectKey.Of(entity);
                Changed(key, isGone ? () => Delete(key, entity) : () => Put(key, entity, isInitial: false));
            }
        }
    }

    /// <summary>Something has become of an object that can be read, or is gone: whoever is told that it can be read finds it in the cache.</summary>
    private void Changed(ObjectKey key, Action change)
    {
        // In this order, as in Keep: who finds metadata in the cache beside a spec of before finds that the object cannot be read, too.
        change();
        if (_unreadable.Remove(key))
        {
            _unreadable.Tell(key);
        }
    }

    /// <summary>
    /// An object cannot be read, and is in the cache as it was last, but for what people and the server say of it in its metadata: that it is to be left alone, or that it is to go. Its version and generation stay those
    /// of its spec, so that nobody takes the one for the other.
    /// </summary>
    private void Keep(UnreadableObject unreadable)
    {
        ObjectKey key = UnreadableEntities.KeyOf(unreadable);
        bool isNews = _unreadable.Add(unreadable);
        if (isNews)
        {
            LogUnreadable(_logger, Kind, unreadable.Namespace, unreadable.Name, unreadable.Reason);
        }

        if (unreadable.Metadata is { } metadata && _store.Get(key) is { } known)
        {
            if (metadata.Uid != known.Metadata.Uid)
            {
                // Deleted and made again while we did not look: of this one nothing was ever understood.
                Delete(key, last: null);
            }
            else
            {
                PutMetadata(key, known, metadata);
            }
        }

        if (isNews)
        {
            _unreadable.Tell(key);
        }
    }

    private void PutMetadata(ObjectKey key, T known, ObjectMeta metadata)
    {
        // Those that are in the cache are shared, and never changed.
        JsonTypeInfo<T> json = _client.Types.Get<T>().Json;
        byte[] before = JsonSerializer.SerializeToUtf8Bytes(known, json);
        T next = JsonSerializer.Deserialize(before, json)!;
        (next.Metadata.Annotations, next.Metadata.DeletionTimestamp) = (metadata.Annotations, metadata.DeletionTimestamp);
        Trim(next);
        if (!JsonSerializer.SerializeToUtf8Bytes(next, json).AsSpan().SequenceEqual(before))
        {
            _store.Set(key, next);
            TellAll(new InformerEvent<T>(InformerEventType.Updated, next, known, IsInitial: false));
        }
    }

    private void Put(ObjectKey key, T entity, bool isInitial)
    {
        Trim(entity);
        T? previous = _store.Set(key, entity);
        if (previous is not null && previous.Metadata.Uid != entity.Metadata.Uid)
        {
            // Deleted and made again while we did not look: two objects, not a change of one.
            TellAll(new InformerEvent<T>(InformerEventType.Deleted, previous, previous, isInitial));
            previous = null;
        }

        TellAll(new InformerEvent<T>(previous is null ? InformerEventType.Added : InformerEventType.Updated, entity, previous, isInitial));
    }

    private void Delete(ObjectKey key, T? last)
    {
        T? previous = _store.Remove(key);
        if (previous is not null)
        {
            TellAll(new InformerEvent<T>(InformerEventType.Deleted, last ?? previous, previous, IsInitial: false));
        }
    }

    private void Trim(T entity)
    {
        ObjectMeta metadata = entity.Metadata;
        if (metadata.ManagedFields is { } managed)
        {
            List<ManagedFieldsEntry> kept = _options.KeepManagedFieldsOf is { } manager ? managed.FindAll(m => m.Manager == manager) : [];
            metadata.ManagedFields = kept.Count > 0 ? kept : null;
        }

        metadata.Annotations?.Remove(LastAppliedAnnotation);
    }

    private void TellAll(InformerEvent<T> change)
    {
        foreach (Action<InformerEvent<T>> handler in _handlers)
        {
            Tell(handler, change);
        }
    }

    private void Tell(Action<InformerEvent<T>> handler, InformerEvent<T> change)
    {
        try
        {
            handler(change);
        }
        catch (Exception e)
        {
            // A bug in one handler must not keep the others from seeing changes, nor end the watch.
            LogHandlerFailed(_logger, e, Kind, ObjectKey.Of(change.Object).ToString());
        }
    }

    /// <summary>The cache is as new as this version, of what is in the scope.</summary>
    private void Reached(WatchedScope scope, string version)
    {
        TaskCompletionSource moved;
        lock (_versions)
        {
            if (!ResourceVersions.IsLarger(version, scope.Reached))
            {
                return;
            }

            scope.Reached = version;
            moved = _moved;
            _moved = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        moved.SetResult();
    }

    private void Heard(WatchedScope scope) => scope.LastHeard = _time.GetTimestamp();

    private void Unsubscribe(Action<InformerEvent<T>> handler)
    {
        lock (_dispatch)
        {
            _handlers.Remove(handler);
        }
    }

    private sealed class Subscription(Informer<T> informer, Action<InformerEvent<T>> handler) : IDisposable
    {
        public void Dispose() => informer.Unsubscribe(handler);
    }

    [LoggerMessage(EventId = 20, Level = LogLevel.Debug, Message = "{Kind}: {Count} objects listed")]
    private static partial void LogSynced(ILogger logger, string kind, int count);

    [LoggerMessage(EventId = 21, Level = LogLevel.Debug, Message = "{Kind}: version {Version} expired, listing again")]
    private static partial void LogExpired(ILogger logger, string kind, string? version);

    [LoggerMessage(EventId = 22, Level = LogLevel.Warning, Message = "{Kind}: list or watch failed ({Failures} in a row), trying again: {Error}")]
    private static partial void LogFailed(ILogger logger, string kind, int failures, string error);

    [LoggerMessage(EventId = 23, Level = LogLevel.Debug, Message = "{Kind}: a watch ended at once, waiting before the next")]
    private static partial void LogShortWatch(ILogger logger, string kind);

    [LoggerMessage(EventId = 24, Level = LogLevel.Warning, Message = "{Kind} {Namespace}/{Name} cannot be read and is left as it was: {Reason}")]
    private static partial void LogUnreadable(ILogger logger, string kind, string? @namespace, string name, string reason);

    [LoggerMessage(EventId = 25, Level = LogLevel.Error, Message = "{Kind} {Key}: a handler failed")]
    private static partial void LogHandlerFailed(ILogger logger, Exception error, string kind, string key);

    [LoggerMessage(EventId = 26, Level = LogLevel.Error, Message = "{Kind}: list or watch failed in a way that it should not, trying again; please report it")]
    private static partial void LogBroken(ILogger logger, Exception error, string kind);

    [LoggerMessage(EventId = 27, Level = LogLevel.Warning, Message = "{Kind} may not be listed or watched: going on without it, and looking again now and then: {Reason}")]
    private static partial void LogForbidden(ILogger logger, string kind, string? reason);
}
