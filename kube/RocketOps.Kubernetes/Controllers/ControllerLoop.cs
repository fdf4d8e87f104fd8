using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Informers;
using RocketOps.Kubernetes.Metrics;
using RocketOps.Kubernetes.Queues;

namespace RocketOps.Kubernetes.Controllers;

/// <summary>
/// Turns changes into keys and keys into passes. One key is never worked on twice at once; a failed one comes back after its back-off, for ever.
/// </summary>
internal sealed partial class ControllerLoop<TEntity> : IControllerLoop
    where TEntity : class, IKubernetesObject
{
    private readonly IEntityController<TEntity> _controller;
    private readonly IReadOnlyList<FinalizerRegistration<TEntity>> _finalizers;
    private readonly Informer<TEntity> _informer;
    private readonly IKubernetesClient _client;
    private readonly IUnreadableReporter? _unreadable;
    private readonly ControllerLoopOptions _options;
    private readonly PassScopes<TEntity> _scopes;
    private readonly ControllerMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly List<Func<Action<ObjectKey, bool>, IDisposable>> _triggers = [];

    /// <summary>Entities that are gone and whose controller does not know yet.</summary>
    private readonly ConcurrentDictionary<ObjectKey, TEntity> _deleted = new();

    /// <summary>Queue of the present or last term; a new one begins with a new queue and sees everything afresh.</summary>
    private volatile WorkQueue<ObjectKey>? _queue;

    public ControllerLoop(
        IEntityController<TEntity> controller,
        IReadOnlyList<FinalizerRegistration<TEntity>> finalizers,
        Informer<TEntity> informer,
        IKubernetesClient client,
        IUnreadableReporter? unreadable,
        ControllerLoopOptions options,
        PassScopes<TEntity> scopes,
        ControllerMetrics metrics,
        TimeProvider time,
        ILogger logger)
    {
        _controller = controller;
        _finalizers = finalizers;
        _informer = informer;
        _client = client;
        _unreadable = unreadable;
        _options = options;
        _scopes = scopes;
        _metrics = metrics;
        _time = time;
        _logger = logger;
        Kind = informer.Kind;
        metrics.Observe(Kind, () => _queue?.Depth ?? 0, () => _queue?.Failing ?? 0, () => informer.Count, () => ((IInformerLoop)informer).Silence);
    }

    public string Kind { get; }

    /// <summary>Changes of another kind bring passes of this one. Called before the loop runs.</summary>
    public void TriggerBy<TOther>(IServiceProvider services, Func<TOther, IEnumerable<ObjectKey>> map, WorkPriority priority)
        where TOther : class, IKubernetesObject
    {
        Informer<TOther> informer = services.GetRequiredService<Informer<TOther>>();
        _triggers.Add(add => informer.Subscribe(change =>
        {
            foreach (ObjectKey key in map(change.Object))
            {
                add(key, change.IsInitial || priority == WorkPriority.Low);
            }

            // A child that changed its owner concerns the one it left as well.
            if (change.Type == InformerEventType.Updated && change.Previous is { } previous)
            {
                foreach (ObjectKey key in map(previous))
                {
                    add(key, change.IsInitial || priority == WorkPriority.Low);
                }
            }
        }));
    }

    /// <summary>Whatever calls back brings passes. Called before the loop runs.</summary>
    public void TriggerBy(Func<Action<ObjectKey>, IDisposable> subscribe) => _triggers.Add(add => subscribe(key => add(key, false)));

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using WorkQueue<ObjectKey> queue = new(_time, _options.Queue);
        _queue = queue;
        _deleted.Clear();
        List<IDisposable> subscriptions = new();
        try
        {
            // The entities first: what their children have to say is known then to be about existing ones.
            subscriptions.Add(_informer.Subscribe(OnEntity));
            subscriptions.Add(_informer.SubscribeUnreadable(key => queue.Add(key, WorkPriority.Normal)));
            subscriptions.AddRange(_triggers.Select(subscribe => subscribe(OnOther)));
            IEnumerable<Task> tasks = Enumerable.Range(0, _options.Workers).Select(_ => WorkAsync(queue, cancellationToken)).Append(ResyncAsync(queue, cancellationToken));
            await Task.WhenAll(tasks);
        }
        finally
        {
            foreach (IDisposable subscription in subscriptions)
            {
                subscription.Dispose();
            }
        }

        void OnEntity(InformerEvent<TEntity> change)
        {
            ObjectKey key = ObjectKey.Of(change.Object);
            if (change.Type == InformerEventType.Deleted)
            {
                _deleted[key] = change.Object;
            }
            else if (!EntityChange.Matters(change))
            {
                return;
            }

            queue.Add(key, change.IsInitial ? WorkPriority.Low : WorkPriority.Normal);
        }

        void OnOther(ObjectKey key, bool isLow)
        {
            // An orphan names an owner that is not, or not yet, there: nothing to do for it; its own addition brings the pass.
            if (_informer.Get(key) is not null)
            {
                queue.Add(key, isLow ? WorkPriority.Low : WorkPriority.Normal);
            }
        }
    }

    private async Task WorkAsync(WorkQueue<ObjectKey> queue, CancellationToken cancellationToken)
    {
        while (true)
        {
            WorkItem<ObjectKey> item;
            try
            {
                item = await queue.TakeAsync(cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }

            try
            {
                await PassAsync(queue, item, cancellationToken);
            }
            finally
            {
                queue.Done(item.Key);
            }
        }
    }

    private async Task PassAsync(WorkQueue<ObjectKey> queue, WorkItem<ObjectKey> item, CancellationToken cancellationToken)
    {
        ObjectKey key = item.Key;
        long started = _time.GetTimestamp();
        string outcome = "error";
        PassScope scope = _scopes.Begin(Kind, key);
        using IDisposable? logged = _logger.BeginScope(scope);
        _metrics.Started(Kind, item.Waited);
        try
        {
            using CancellationTokenSource deadline = new(_options.ReconcileTimeout, _time);
            using CancellationTokenSource linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
            try
            {
                outcome = Settle(queue, key, await ProcessAsync(key, scope, linked.Token));
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                // No longer leading, or stopping: the next term begins from what it finds.
                outcome = "cancelled";
            }
            catch (OperationCanceledException e) when (deadline.IsCancellationRequested)
            {
                LogTimeout(_logger, e, Kind, key.ToString(), _options.ReconcileTimeout);
                queue.Retry(key);
            }
            catch (KubernetesException e) when (e.IsConflict)
            {
                // Somebody wrote meanwhile; ordinary, and the next pass sees it.
                outcome = "conflict";
                LogConflict(_logger, Kind, key, e.Message);
                queue.Retry(key);
            }
            catch (Exception e)
            {
                // The controller's bug or its world's failure: this key waits, the others go on.
                LogFailed(_logger, e, Kind, key.ToString());
                queue.Retry(key);
            }
        }
        finally
        {
            scope.End();
            _metrics.Ended(Kind, outcome, _time.GetElapsedTime(started));
        }
    }

    private async Task<ReconciliationResult<TEntity>?> ProcessAsync(ObjectKey key, PassScope scope, CancellationToken cancellationToken)
    {
        if (_deleted.TryGetValue(key, out TEntity? gone))
        {
            _scopes.Tell(scope, gone);
            ReconciliationResult<TEntity> result = await _controller.DeletedAsync(gone, cancellationToken);
            if (result.IsSuccess)
            {
                _deleted.TryRemove(new KeyValuePair<ObjectKey, TEntity>(key, gone));
            }

            if (_informer.Get(key) is null || result.IsFailure)
            {
                return result;
            }
        }

        if (_unreadable is not null && _informer.Unreadable.TryGetValue(key, out string? reason))
        {
            await _unreadable.ReportAsync<TEntity>(key, reason, cancellationToken);
        }

        // Of one that cannot be read any more there is what it was last, with the annotations it has now: that is kept up, as far as nothing has to be noted in its status, which is refused to whoever has an old copy.
        if (_informer.Get(key) is not { } cached)
        {
            return null;
        }

        _scopes.Tell(scope, cached);

        // Cached objects are shared; what the controller gets it may change.
        TEntity? entity = Copy(cached);
        if (entity.IsDeleting())
        {
            if (_informer.Unreadable.ContainsKey(key))
            {
                // What is to become of what it stands for may be just what cannot be read. Its children go all the same, and are not made again.
                return null;
            }

            return await FinalizeAsync(entity, cancellationToken);
        }

        entity = await SettleFinalizersAsync(entity, cancellationToken);
        return entity is null || entity.IsDeleting() ? null : await _controller.ReconcileAsync(entity, cancellationToken);
    }

    /// <summary>Adds and removes finalizers before anything is done for an entity that will have to be undone.</summary>
    private async Task<TEntity?> SettleFinalizersAsync(TEntity entity, CancellationToken cancellationToken)
    {
        TEntity current = entity;
        foreach ((string? identifier, IEntityFinalizer<TEntity>? finalizer) in _finalizers)
        {
            bool wanted = finalizer.AppliesTo(current);
            if (wanted == current.HasFinalizer(identifier))
            {
                continue;
            }

            TEntity? changed = wanted
                ? await Finalizers.AddAsync(_client, current, identifier, cancellationToken)
                : await Finalizers.RemoveAsync(_client, current, identifier, cancellationToken);
            if (changed is null)
            {
                return null;
            }

            current = changed;
        }

        return current;
    }

    private async Task<ReconciliationResult<TEntity>?> FinalizeAsync(TEntity entity, CancellationToken cancellationToken)
    {
        ReconciliationResult<TEntity>? result = null;
        foreach ((string? identifier, IEntityFinalizer<TEntity>? finalizer) in _finalizers.Where(f => entity.HasFinalizer(f.Identifier)))
        {
            result = await finalizer.FinalizeAsync(entity, cancellationToken);
            if (result.IsFailure || result.RequeueAfter is not null)
            {
                return result;
            }

            ObjectKey key = entity.Key();
            LogFinalized(_logger, Kind, key, identifier);
            if (await Finalizers.RemoveAsync(_client, entity, identifier, cancellationToken) is not { } rest)
            {
                return result;
            }

            entity = rest;
        }

        return result;
    }

    private string Settle(WorkQueue<ObjectKey> queue, ObjectKey key, ReconciliationResult<TEntity>? result)
    {
        if (result is null or { IsSuccess: true })
        {
            queue.Forget(key);
            if (result?.RequeueAfter is { } after)
            {
                // Nobody changed anything: what a person does meanwhile goes first.
                queue.AddAfter(key, after, WorkPriority.Low);
            }

            return "success";
        }

        LogFailure(_logger, result.Error, Kind, key.ToString(), result.ErrorMessage);
        if (result.RequeueAfter is { } delay)
        {
            queue.AddAfter(key, delay);
        }
        else
        {
            queue.Retry(key);
        }

        return "failure";
    }

    private async Task ResyncAsync(WorkQueue<ObjectKey> queue, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                // Spread: several controllers of one process do not all begin at once.
                await Task.Delay(_options.Resync * (0.9 + (Random.Shared.NextDouble() / 5)), _time, cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }

            foreach (ObjectKey key in _informer.List().Select(static entity => entity.Key()).Union(_informer.Unreadable.Keys))
            {
                queue.Add(key, WorkPriority.Low);
            }
        }
    }

    private TEntity Copy(TEntity entity)
    {
        JsonTypeInfo<TEntity> json = _client.Types.Get<TEntity>().Json;
        return JsonSerializer.Deserialize(JsonSerializer.SerializeToUtf8Bytes(entity, json), json)!;
    }

    [LoggerMessage(EventId = 50, Level = LogLevel.Warning, Message = "{Kind} {Key}: {Message}; trying again")]
    private static partial void LogFailure(ILogger logger, Exception? error, string kind, string key, string? message);

    [LoggerMessage(EventId = 52, Level = LogLevel.Error, Message = "{Kind} {Key}: the pass failed; trying again")]
    private static partial void LogFailed(ILogger logger, Exception error, string kind, string key);

    [LoggerMessage(EventId = 53, Level = LogLevel.Warning, Message = "{Kind} {Key}: the pass took longer than {Limit} and was cancelled; trying again")]
    private static partial void LogTimeout(ILogger logger, Exception error, string kind, string key, TimeSpan limit);

    [LoggerMessage(EventId = 54, Level = LogLevel.Debug, Message = "{Kind} {Key}: changed meanwhile, trying again: {Message}")]
    private static partial void LogConflict(ILogger logger, string kind, ObjectKey key, string message);

    [LoggerMessage(EventId = 55, Level = LogLevel.Debug, Message = "{Kind} {Key}: finalizer {Finalizer} is done")]
    private static partial void LogFinalized(ILogger logger, string kind, ObjectKey key, string finalizer);
}

internal sealed record ControllerLoopOptions
{
    public required int Workers { get; init; }

    public required TimeSpan Resync { get; init; }

    public required TimeSpan ReconcileTimeout { get; init; }

    public required WorkQueueOptions Queue { get; init; }
}

/// <summary>A controller as the runtime sees it, whatever its kind.</summary>
internal interface IControllerLoop
{
    string Kind { get; }

    /// <summary>Works until cancelled, then lets the passes under way end.</summary>
    Task RunAsync(CancellationToken cancellationToken);
}
