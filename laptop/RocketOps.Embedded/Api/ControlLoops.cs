using System.Collections.Concurrent;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using RocketOps.Embedded.Api.Collection;
using RocketOps.Embedded.Api.Resources;
using RocketOps.Embedded.Api.Store;
using RocketOps.Embedded.Api.Writing;
using RocketOps.Kubernetes.Dynamic;

namespace RocketOps.Embedded.Api;

/// <summary>
/// Work behind requests: owner-reference collection, emptying namespaces and deleted CRDs, expiry of Events. One loop, woken by the store.
/// </summary>
internal sealed partial class ControlLoops(
    ObjectStore store, ResourceRegistry registry, ObjectWriter writer, ObjectDeleter deleter, EmbeddedApiOptions settings, ILogger logger, CancellationToken stopping)
    : IAsyncDisposable
{
    private static readonly TimeSpan SweepInterval = TimeSpan.FromMinutes(1);

    // Unbounded by count, but each entry mirrors one stored write; the loop drains it faster than writes come.
    private readonly Channel<StoreEvent> _events = Channel.CreateUnbounded<StoreEvent>(new UnboundedChannelOptions { SingleReader = true });
    private readonly GarbageCollector _collector = new(store, registry, writer, new CollectorWrites(writer, deleter), settings.TimeProvider);
    private readonly Teardown _teardown = new(store, registry, new CollectorWrites(writer, deleter));
    private readonly ConcurrentBag<Task> _tasks = [];

    public void Start()
    {
        store.Committed = change => _events.Writer.TryWrite(change);
        _tasks.Add(Task.Run(() => UntilStoppedAsync(CollectAsync), CancellationToken.None));
        _tasks.Add(Task.Run(() => UntilStoppedAsync(SweepAsync), CancellationToken.None));
    }

    public async ValueTask DisposeAsync()
    {
        store.Committed = null;
        _events.Writer.TryComplete();
        await Task.WhenAll(_tasks);
    }

    private static async Task UntilStoppedAsync(Func<Task> loop)
    {
        try
        {
            await loop();
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }

    private async Task CollectAsync()
    {
        Guard(() =>
        {
            if (settings.CollectGarbage)
            {
                _collector.LookAtEverything();
            }

            _teardown.LookAtEverything(settings.CollectGarbage);
        });
        await foreach (StoreEvent change in _events.Reader.ReadAllAsync(stopping))
        {
            Guard(() =>
            {
                if (settings.CollectGarbage)
                {
                    _collector.Handle(change);
                }

                _teardown.Handle(change, settings.CollectGarbage);
            });
        }
    }

    private async Task SweepAsync()
    {
        ResourceDefinition events = registry.Find(string.Empty, "v1", "events")!;
        while (true)
        {
            await Task.Delay(SweepInterval, settings.TimeProvider, stopping);
            Guard(() => ExpireEvents(events));
        }
    }

    private void ExpireEvents(ResourceDefinition events)
    {
        DateTimeOffset limit = settings.TimeProvider.GetUtcNow() - settings.EventRetention;
        foreach (StoredObject stored in store.Snapshot(events.Collection).Objects.Values)
        {
            // Each write starts the hour anew, as the lease of the real store does: the newest of its times counts.
            if (LastTouched(stored.Json) < limit)
            {
                store.Write(events.Collection, stored.Name, stored, null);
            }
        }
    }

    private static DateTimeOffset? LastTouched(JsonElement obj)
    {
        DateTimeOffset?[] times =
            [obj.Field("metadata").Time("creationTimestamp"), obj.Time("eventTime"), obj.Time("lastTimestamp"), obj.Field("series").Time("lastObservedTime")];
        return times.Max();
    }

    /// <summary>One object that cannot be handled must not stop the loop for all others.</summary>
    private void Guard(Action work)
    {
        try
        {
            work();
        }
        catch (Exception e)
        {
            Log.LoopFailed(logger, e);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 7002, Level = LogLevel.Error, Message = "collection of deleted objects met an unexpected failure and goes on with the next change")]
        public static partial void LoopFailed(ILogger logger, Exception exception);
    }
}
