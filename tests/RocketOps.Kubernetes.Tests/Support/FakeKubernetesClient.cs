using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Client.Transport;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Kubernetes.Tests.Support;

/// <summary>
/// An API server in memory, as far as informers and controllers can tell: versions, generations, watches that begin behind a version, finalizers, compare-and-swap. Faults are thrown by
/// <see cref="Fault"/>, which is asked before each call.
/// </summary>
internal sealed class FakeKubernetesClient : IKubernetesClient
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(Type Type, ObjectKey Key), JsonObject> _objects = [];
    private readonly List<Watcher> _watchers = [];
    private readonly List<string> _writes = [];
    private readonly List<(Type Type, int Version, WatchEventType Change, JsonObject Node)> _told = [];
    private bool _isSilent;
    private int _version = 100;

    public KubernetesTypes Types { get; } = new KubernetesTypes().Add(WidgetJsonContext.Default.Widget);

    public Uri BaseAddress { get; } = new("https://fake.invalid/");

    public string Namespace => "default";

    /// <summary>Called with the verb and the kind, as in <c>watch Widget</c>; what it returns is thrown.</summary>
    public Func<string, Exception?> Fault { get; set; } = _ => null;

    /// <summary>Every write so far, as in <c>patch Widget default/one</c>.</summary>
    public IReadOnlyList<string> Writes
    {
        get
        {
            lock (_lock)
            {
                return [.. _writes];
            }
        }
    }

    public int OpenWatches
    {
        get
        {
            lock (_lock)
            {
                return _watchers.Count;
            }
        }
    }

    public int Lists { get; private set; }

    public static KubernetesException Error(int code, string reason) =>
        new((System.Net.HttpStatusCode)code, new Status { Kind = "Status", Code = code, Reason = reason, Message = $"{reason} for a test" });

    /// <summary>Ends all watches, as a server does every few minutes; with an error event if one is given.</summary>
    public void EndWatches(Exception? error = null)
    {
        lock (_lock)
        {
            foreach (Watcher watcher in _watchers)
            {
                watcher.End(error);
            }

            _watchers.Clear();
        }
    }

    /// <summary>The change is made, and no watch is told, now or later.</summary>
    public void Silently(Action change)
    {
        lock (_lock)
        {
            _isSilent = true;
            change();
            _isSilent = false;
        }
    }

    public void Put<T>(T entity)
        where T : class, IKubernetesObject
    {
        lock (_lock)
        {
            KubernetesType<T> type = Types.Get<T>();
            ObjectKey key = ObjectKey.Of(entity);
            JsonObject node = JsonSerializer.SerializeToNode(entity, type.Json)!.AsObject();
            Store<T>(key, node, _objects.GetValueOrDefault((typeof(T), key)));
        }
    }

    /// <summary>Puts an object as JSON that no longer has to fit its type.</summary>
    public void Spoil<T>(T entity, Action<JsonObject> change)
        where T : class, IKubernetesObject
    {
        lock (_lock)
        {
            ObjectKey key = ObjectKey.Of(entity);
            JsonObject node = JsonSerializer.SerializeToNode(entity, Types.Get<T>().Json)!.AsObject();
            change(node);
            Store<T>(key, node, _objects.GetValueOrDefault((typeof(T), key)));
        }
    }

    public void Remove<T>(string name, string ns = "default")
        where T : class, IKubernetesObject
    {
        lock (_lock)
        {
            ObjectKey key = new ObjectKey(ns, name);
            if (_objects.Remove((typeof(T), key), out JsonObject? node))
            {
                node["metadata"]!["resourceVersion"] = NextVersion();
                Tell<T>(WatchEventType.Deleted, node);
            }
        }
    }

    public Task<T?> GetAsync<T>(string name, string? ns = null, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject
    {
        Check<T>("get", cancellationToken);
        lock (_lock)
        {
            return Task.FromResult(_objects.TryGetValue((typeof(T), new ObjectKey(ns, name)), out JsonObject? node) ? Read<T>(node) : null);
        }
    }

    public Task<KubernetesList<T>> ListAsync<T>(ListOptions? options = null, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject
    {
        Check<T>("list", cancellationToken);
        lock (_lock)
        {
            Lists++;
            (T? Entity, UnreadableObject? Unreadable)[] all =
                [.. _objects.Where(p => p.Key.Type == typeof(T) && (options?.Namespace is null || p.Key.Key.Namespace == options.Namespace)).Select(p => ReadAny<T>(p.Value))];
            return Task.FromResult(new KubernetesList<T>(
                [.. all.Select(static one => one.Entity).OfType<T>()],
                new ListMeta { ResourceVersion = _version.ToString(CultureInfo.InvariantCulture) },
                [.. all.Select(static one => one.Unreadable).OfType<UnreadableObject>()]));
        }
    }

    public Task<KubernetesList<T>> ListPageAsync<T>(ListOptions? options = null, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject => ListAsync<T>(options, cancellationToken);

    public async IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(WatchOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject
    {
        Check<T>("watch", cancellationToken);
        Channel<WatchEvent<T>> channel = Channel.CreateUnbounded<WatchEvent<T>>();
        lock (_lock)
        {
            Watcher watcher = new(typeof(T), (type, node) => _ = (options?.Namespace is { } ns && (string?)node["metadata"]!["namespace"] != ns) || channel.Writer.TryWrite(Event<T>(type, node)), e => channel.Writer.TryComplete(e));
            if (int.TryParse(options?.ResourceVersion, NumberStyles.None, CultureInfo.InvariantCulture, out int version))
            {
                // What happened since the list that it goes on from.
                foreach ((_, _, WatchEventType change, JsonObject node) in _told.Where(told => told.Type == typeof(T) && told.Version > version))
                {
                    watcher.Tell(change, node);
                }
            }

            _watchers.Add(watcher);
        }

        await foreach (WatchEvent<T> item in channel.Reader.ReadAllAsync(cancellationToken))
        {
            yield return item;
        }
    }

    public Task<T> CreateAsync<T>(T entity, WriteOptions? options = null, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject
    {
        Check<T>("create", cancellationToken);
        lock (_lock)
        {
            ObjectKey key = ObjectKey.Of(entity);
            _writes.Add($"create {typeof(T).Name} {key}");
            if (_objects.ContainsKey((typeof(T), key)))
            {
                throw Error(409, "AlreadyExists");
            }

            return Task.FromResult(Read<T>(Store<T>(key, JsonSerializer.SerializeToNode(entity, Types.Get<T>().Json)!.AsObject(), previous: null)));
        }
    }

    public Task<T> ReplaceAsync<T>(T entity, WriteOptions? options = null, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject
    {
        Check<T>("replace", cancellationToken);
        lock (_lock)
        {
            ObjectKey key = ObjectKey.Of(entity);
            _writes.Add($"replace {typeof(T).Name} {key}");
            JsonObject previous = Find<T>(key);
            CompareVersion(previous, entity.Metadata.ResourceVersion);
            return Task.FromResult(Read<T>(Store<T>(key, JsonSerializer.SerializeToNode(entity, Types.Get<T>().Json)!.AsObject(), previous)));
        }
    }

    public Task<T> ReplaceStatusAsync<T>(T entity, WriteOptions? options = null, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject => ReplaceAsync(entity, options, cancellationToken);

    public Task<T> PatchAsync<T>(string name, string? ns, KubernetesPatch patch, WriteOptions? options = null, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject
    {
        Check<T>("patch", cancellationToken);
        lock (_lock)
        {
            ObjectKey key = new ObjectKey(ns, name);
            _writes.Add($"patch {typeof(T).Name} {key}");
            JsonObject previous = Find<T>(key);
            CompareVersion(previous, (string?)patch.Body["metadata"]?["resourceVersion"]);
            JsonObject node = previous.DeepClone().AsObject();
            Merge(node, patch.Body.AsObject());
            bool isFinished = node["metadata"]!["deletionTimestamp"] is not null && node["metadata"]!["finalizers"] is null or JsonArray { Count: 0 };
            if (isFinished)
            {
                Remove<T>(name, ns ?? "default");
                return Task.FromResult(Read<T>(node));
            }

            return Task.FromResult(Read<T>(Store<T>(key, node, previous)));
        }
    }

    public Task<T> ApplyAsync<T>(T entity, ApplyOptions options, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject
    {
        Check<T>("apply", cancellationToken);
        lock (_lock)
        {
            ObjectKey key = ObjectKey.Of(entity);
            _writes.Add($"apply {typeof(T).Name} {key}");
            JsonObject? previous = _objects.GetValueOrDefault((typeof(T), key));
            JsonObject node = previous?.DeepClone().AsObject() ?? [];
            Merge(node, JsonSerializer.SerializeToNode(entity, Types.Get<T>().Json)!.AsObject());
            return Task.FromResult(Read<T>(Store<T>(key, node, previous)));
        }
    }

    public Task<T> ApplyStatusAsync<T>(T entity, ApplyOptions options, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject => ApplyAsync(entity, options, cancellationToken);

    public Task<bool> DeleteAsync<T>(string name, string? ns = null, DeleteOptions? options = null, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject
    {
        Check<T>("delete", cancellationToken);
        lock (_lock)
        {
            ObjectKey key = new ObjectKey(ns, name);
            _writes.Add($"delete {typeof(T).Name} {key}");
            if (!_objects.TryGetValue((typeof(T), key), out JsonObject? previous))
            {
                return Task.FromResult(false);
            }

            if (previous["metadata"]!["finalizers"] is JsonArray { Count: > 0 })
            {
                JsonObject node = previous.DeepClone().AsObject();
                node["metadata"]!["deletionTimestamp"] = "2026-01-01T00:00:00Z";
                Store<T>(key, node, previous);
            }
            else
            {
                Remove<T>(name, ns ?? "default");
            }

            return Task.FromResult(true);
        }
    }

    public Task EvictAsync(string name, string ns, DeleteOptions? options = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task<JsonNode?> SendAsync(
        HttpMethod method, string path, JsonNode? body = null, string contentType = KubernetesMediaTypes.Json, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    public Task<Stream> ReadStreamAsync(string path, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    private static void Merge(JsonObject target, JsonObject patch)
    {
        foreach ((string? name, JsonNode? value) in patch)
        {
            if (value is JsonObject child && target[name] is JsonObject existing)
            {
                Merge(existing, child);
            }
            else if (value is null)
            {
                target.Remove(name);
            }
            else
            {
                target[name] = value.DeepClone();
            }
        }
    }

    private static void CompareVersion(JsonObject previous, string? version)
    {
        if (version is not null && version != (string?)previous["metadata"]!["resourceVersion"])
        {
            throw Error(409, "Conflict");
        }
    }

    private void Check<T>(string verb, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (Fault($"{verb} {typeof(T).Name}") is { } error)
        {
            throw error;
        }
    }

    private JsonObject Find<T>(ObjectKey key) => _objects.GetValueOrDefault((typeof(T), key)) ?? throw Error(404, "NotFound");

    private JsonObject Store<T>(ObjectKey key, JsonObject node, JsonObject? previous)
        where T : class, IKubernetesObject
    {
        JsonObject metadata = node["metadata"]!.AsObject();
        metadata["uid"] ??= previous?["metadata"]?["uid"]?.DeepClone() ?? Guid.NewGuid().ToString();
        long generation = (long?)previous?["metadata"]?["generation"] ?? 0;
        metadata["generation"] = JsonNode.DeepEquals(node["spec"], previous?["spec"]) && previous is not null ? generation : generation + 1;
        metadata["resourceVersion"] = NextVersion();
        _objects[(typeof(T), key)] = node;
        Tell<T>(previous is null ? WatchEventType.Added : WatchEventType.Modified, node);
        return node;
    }

    private string NextVersion() => (++_version).ToString(CultureInfo.InvariantCulture);

    private void Tell<T>(WatchEventType type, JsonObject node)
    {
        if (_isSilent)
        {
            return;
        }

        _told.Add((typeof(T), _version, type, node.DeepClone().AsObject()));
        foreach (Watcher? watcher in _watchers.Where(w => w.Type == typeof(T)))
        {
            watcher.Tell(type, node);
        }
    }

    private WatchEvent<T> Event<T>(WatchEventType type, JsonObject node)
        where T : class, IKubernetesObject
    {
        (T? entity, UnreadableObject? unreadable) = ReadAny<T>(node);
        return new WatchEvent<T>(type, (string?)node["metadata"]!["resourceVersion"], entity, unreadable);
    }

    private (T? Entity, UnreadableObject? Unreadable) ReadAny<T>(JsonObject node)
        where T : class, IKubernetesObject => ObjectReader.Read(JsonElement.Parse(node.ToJsonString()), Types.Get<T>().Json);

    private T Read<T>(JsonObject node)
        where T : class, IKubernetesObject => node.Deserialize(Types.Get<T>().Json)!;

    private sealed record Watcher(Type Type, Action<WatchEventType, JsonObject> Tell, Action<Exception?> End);
}
