using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Kubernetes.Client.Configuration;
using RocketOps.Kubernetes.Dynamic;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Metrics;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Kubernetes.Client.Transport;

/// <summary>The client over HTTP. One per process: it owns the connections.</summary>
public sealed class KubernetesClient : IKubernetesClient, IDisposable
{
    /// <summary>Pages of one list; a server that never ends its list would fill the memory otherwise.</summary>
    private const int MaxPages = 10_000;

    private readonly KubernetesTransport _transport;
    private readonly KubernetesClientOptions _options;
    private readonly TimeProvider _time;
    private readonly bool _ownsTransport = true;

    /// <summary>A client that speaks of the built-in kinds.</summary>
    public KubernetesClient(KubernetesClientConfiguration configuration, KubernetesClientOptions? options = null, TimeProvider? time = null, ILogger<KubernetesClient>? logger = null)
        : this(configuration, new KubernetesTypes(), options, time, logger)
    {
    }

    /// <summary>A client that speaks of these kinds.</summary>
    public KubernetesClient(
        KubernetesClientConfiguration configuration,
        KubernetesTypes types,
        KubernetesClientOptions? options = null,
        TimeProvider? time = null,
        ILogger<KubernetesClient>? logger = null,
        ClientMetrics? metrics = null)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(types);
        Types = types;
        Namespace = configuration.Namespace;
        _options = options ?? new KubernetesClientOptions();
        _time = time ?? TimeProvider.System;
        _transport = new KubernetesTransport(configuration, _options, _time, logger ?? NullLogger<KubernetesClient>.Instance, metrics);
    }

    private KubernetesClient(KubernetesClient connected, KubernetesTypes types, KubernetesTransport transport)
    {
        Types = types;
        Namespace = connected.Namespace;
        _options = connected._options;
        _time = connected._time;
        _transport = transport;
        _ownsTransport = false;
    }

    public KubernetesTypes Types { get; }

    public Uri BaseAddress => _transport.BaseAddress;

    public string Namespace { get; }

    /// <summary>The same connections, with <see cref="KubernetesObject"/> for this kind; it ends with this client.</summary>
    public IKubernetesClient For(KubernetesType<KubernetesObject> kind) => new KubernetesClient(this, KubernetesTypes.None.Add(kind), _transport);

    /// <summary>The same connections for requests that have a rate of their own, as they must not wait for those of this client; it ends with this client.</summary>
    public IKubernetesClient WithOwnRate(double requestsPerSecond, int burst) => new KubernetesClient(this, Types, _transport.WithOwnRate(requestsPerSecond, burst));

    public async Task<T?> GetAsync<T>(string name, string? ns = null, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        KubernetesType<T> type = Types.Get<T>();
        try
        {
            return await SendAsync(type, new KubernetesRequest(HttpMethod.Get, type.Path(RequireNamespace(type, ns), name)) { Repeatable = true }, cancellationToken);
        }
        catch (KubernetesException e) when (e.IsNotFound)
        {
            return null;
        }
    }

    public async Task<KubernetesList<T>> ListAsync<T>(ListOptions? options = null, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject
    {
        options ??= new ListOptions();
        KubernetesList<T> page = await ListPageAsync<T>(options, cancellationToken);
        if (string.IsNullOrEmpty(page.Metadata.Continue))
        {
            return page;
        }

        List<T> items = new(page.Items);
        List<UnreadableObject> unreadable = new(page.Unreadable);
        for (int pages = 1; !string.IsNullOrEmpty(page.Metadata.Continue); pages++)
        {
            if (pages == MaxPages)
            {
                throw new InvalidDataException($"The list of {Types.Get<T>()} does not end after {MaxPages} pages.");
            }

            // A continued list keeps the version of its first page; the server refuses another one beside the token.
            page = await ListPageAsync<T>(
                options with { Continue = page.Metadata.Continue, ResourceVersion = null, ResourceVersionMatch = null }, cancellationToken);
            items.AddRange(page.Items);
            unreadable.AddRange(page.Unreadable);
        }

        return new KubernetesList<T>(items, page.Metadata, unreadable);
    }

    public Task<KubernetesList<T>> ListPageAsync<T>(ListOptions? options = null, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject
    {
        options ??= new ListOptions();
        KubernetesType<T> type = Types.Get<T>();
        QueryBuilder path = new QueryBuilder(type.Path(options.Namespace))
            .Add("labelSelector", options.LabelSelector)
            .Add("fieldSelector", options.FieldSelector)
            .Add("limit", options.Limit)
            .Add("continue", options.Continue)
            .Add("resourceVersion", options.ResourceVersion)
            .Add("resourceVersionMatch", options.ResourceVersionMatch);
        return _transport.SendAsync(
            new KubernetesRequest(HttpMethod.Get, path.ToString()) { Repeatable = true }, (body, token) => ReadListAsync(type, body, token), cancellationToken);
    }

    public async IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(
        WatchOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject
    {
        options ??= new WatchOptions();
        KubernetesType<T> type = Types.Get<T>();
        QueryBuilder path = new QueryBuilder(type.Path(options.Namespace))
            .Add("watch", value: true)
            .Add("labelSelector", options.LabelSelector)
            .Add("fieldSelector", options.FieldSelector)
            .Add("resourceVersion", options.ResourceVersion)
            .Add("timeoutSeconds", options.Timeout is { } timeout ? (long)timeout.TotalSeconds : null)
            .Add("allowWatchBookmarks", options.AllowBookmarks);
        using HttpResponseMessage response = await _transport.OpenStreamAsync(
            new KubernetesRequest(HttpMethod.Get, path.ToString()) { IsStream = true }, cancellationToken);
        await using Stream stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        IAsyncEnumerable<WatchEvent<T>> events = WatchReader.ReadAsync(stream, type.Json, _options.MaxWatchEventBytes, options.IdleTimeout, _time, cancellationToken);
        await foreach (WatchEvent<T> item in events)
        {
            yield return item;
        }
    }

    public Task<T> CreateAsync<T>(T entity, WriteOptions? options = null, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject
    {
        ArgumentNullException.ThrowIfNull(entity);
        KubernetesType<T> type = Types.Get<T>();
        string path = type.Path(RequireNamespace(type, entity.Metadata.Namespace));
        return SendAsync(type, Write(HttpMethod.Post, path, options, JsonSerializer.SerializeToUtf8Bytes(entity, type.Json)), cancellationToken);
    }

    public Task<T> ReplaceAsync<T>(T entity, WriteOptions? options = null, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject
    {
        ArgumentNullException.ThrowIfNull(entity);
        KubernetesType<T> type = Types.Get<T>();
        string path = type.Path(RequireNamespace(type, entity.Metadata.Namespace), RequireName(entity), options?.Subresource);
        return SendAsync(type, Write(HttpMethod.Put, path, options, JsonSerializer.SerializeToUtf8Bytes(entity, type.Json)), cancellationToken);
    }

    public Task<T> ReplaceStatusAsync<T>(T entity, WriteOptions? options = null, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject =>
        ReplaceAsync(entity, (options ?? new WriteOptions()) with { Subresource = "status" }, cancellationToken);

    public Task<T> PatchAsync<T>(string name, string? ns, KubernetesPatch patch, WriteOptions? options = null, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(patch);
        KubernetesType<T> type = Types.Get<T>();
        KubernetesRequest request = Write(HttpMethod.Patch, type.Path(RequireNamespace(type, ns), name, options?.Subresource), options, JsonBytes(patch.Body)) with
        {
            ContentType = patch.ContentType,
            Repeatable = patch.Repeatable,
        };
        return SendAsync(type, request, cancellationToken);
    }

    public Task<T> ApplyAsync<T>(T entity, ApplyOptions options, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject =>
        ApplyAsync(entity, options, subresource: null, cancellationToken);

    public Task<T> ApplyStatusAsync<T>(T entity, ApplyOptions options, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject =>
        ApplyAsync(entity, options, "status", cancellationToken);

    public async Task<bool> DeleteAsync<T>(string name, string? ns = null, DeleteOptions? options = null, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        KubernetesType<T> type = Types.Get<T>();
        KubernetesRequest request = new(HttpMethod.Delete, type.Path(RequireNamespace(type, ns), name))
        {
            Body = JsonSerializer.SerializeToUtf8Bytes(options ?? new DeleteOptions(), ClientJsonContext.Default.DeleteOptions),
            ContentType = KubernetesMediaTypes.Json,
            Repeatable = true,
        };
        try
        {
            await _transport.SendAsync(request, DrainAsync, cancellationToken);
            return true;
        }
        catch (KubernetesException e) when (e.IsNotFound)
        {
            return false;
        }
    }

    public Task EvictAsync(string name, string ns, DeleteOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentException.ThrowIfNullOrEmpty(ns);
        Eviction eviction = new()
        {
            ApiVersion = "policy/v1",
            Kind = "Eviction",
            Metadata = new ObjectMeta { Name = name, Namespace = ns },
            DeleteOptions = options,
        };
        KubernetesRequest request = new(HttpMethod.Post, Types.Get<Pod>().Path(ns, name, "eviction"))
        {
            Body = JsonSerializer.SerializeToUtf8Bytes(eviction, ClientJsonContext.Default.Eviction),
            ContentType = KubernetesMediaTypes.Json,
            RepeatWhenThrottled = false,
        };
        return _transport.SendAsync(request, DrainAsync, cancellationToken);
    }

    public Task<JsonNode?> SendAsync(
        HttpMethod method, string path, JsonNode? body = null, string contentType = KubernetesMediaTypes.Json, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(method);
        ArgumentException.ThrowIfNullOrEmpty(path);
        KubernetesRequest request = new(method, path)
        {
            Body = body is null ? default : JsonBytes(body),
            ContentType = body is null ? null : contentType,
            Repeatable = method == HttpMethod.Get,
        };
        return _transport.SendAsync(request, ReadNodeAsync, cancellationToken);
    }

    public async Task<Stream> ReadStreamAsync(string path, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        KubernetesRequest request = new(HttpMethod.Get, path) { IsStream = true, Accept = "*/*" };
        HttpResponseMessage response = await _transport.OpenStreamAsync(request, cancellationToken);

        // Disposing the stream ends the exchange; the response object itself holds nothing else.
        return await response.Content.ReadAsStreamAsync(cancellationToken);
    }

    public void Dispose()
    {
        if (_ownsTransport)
        {
            _transport.Dispose();
        }
    }

    private Task<T> ApplyAsync<T>(T entity, ApplyOptions options, string? subresource, CancellationToken cancellationToken)
        where T : class, IKubernetesObject
    {
        ArgumentNullException.ThrowIfNull(entity);
        ArgumentNullException.ThrowIfNull(options);
        KubernetesType<T> type = Types.Get<T>();
        JsonObject body = subresource is null ? ApplyBody.ForObject(entity, type, options) : ApplyBody.ForStatus(entity, type, options);
        QueryBuilder path = new QueryBuilder(type.Path(RequireNamespace(type, entity.Metadata.Namespace), RequireName(entity), subresource))
            .Add("fieldManager", options.FieldManager)
            .Add("force", options.Force)
            .Add("dryRun", options.DryRun ? "All" : null)
            .Add("fieldValidation", options.FieldValidation);
        KubernetesRequest request = new(HttpMethod.Patch, path.ToString())
        {
            Body = JsonBytes(body),
            ContentType = KubernetesMediaTypes.ApplyPatch,

            // Applying twice is applying once, but for the version check, which the second attempt would fail because of the first.
            Repeatable = !options.OnlyIfUnchanged,
        };
        return SendAsync(type, request, cancellationToken);
    }

    private Task<T> SendAsync<T>(KubernetesType<T> type, KubernetesRequest request, CancellationToken cancellationToken)
        where T : class, IKubernetesObject =>
        _transport.SendAsync(request, (body, token) => ReadObjectAsync(type, body, token), cancellationToken);

    private static KubernetesRequest Write(HttpMethod method, string path, WriteOptions? options, byte[] body)
    {
        QueryBuilder query = new QueryBuilder(path)
            .Add("dryRun", options?.DryRun == true ? "All" : null)
            .Add("fieldManager", options?.FieldManager)
            .Add("fieldValidation", options?.FieldValidation);
        return new KubernetesRequest(method, query.ToString()) { Body = body, ContentType = KubernetesMediaTypes.Json };
    }

    private static async Task<T> ReadObjectAsync<T>(KubernetesType<T> type, Stream body, CancellationToken cancellationToken)
        where T : class, IKubernetesObject
    {
        try
        {
            T entity = await JsonSerializer.DeserializeAsync(body, type.Json, cancellationToken)
                ?? throw new InvalidDataException($"The API server answered null where a {type.Kind} was expected.");
            entity.Metadata ??= new ObjectMeta();
            return entity;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new InvalidDataException($"The API server's {type.Kind} cannot be read: {e.Message}", e);
        }
    }

    private static async Task<KubernetesList<T>> ReadListAsync<T>(KubernetesType<T> type, Stream body, CancellationToken cancellationToken)
        where T : class, IKubernetesObject
    {
        try
        {
            using JsonDocument document = await JsonDocument.ParseAsync(body, default, cancellationToken);
            ListMeta? metadata = document.RootElement.TryGetProperty("metadata", out JsonElement meta) ? meta.Deserialize(ClientJsonContext.Default.ListMeta) : null;
            List<T> items = new();
            List<UnreadableObject> unreadable = new();
            if (document.RootElement.TryGetProperty("items", out JsonElement array) && array.ValueKind == JsonValueKind.Array)
            {
                foreach (JsonElement item in array.EnumerateArray())
                {
                    (T? entity, UnreadableObject? problem) = ObjectReader.Read(item, type.Json);
                    if (entity is null)
                    {
                        unreadable.Add(problem!);
                        continue;
                    }

                    // Lists name the type once, not per item.
                    entity.ApiVersion = type.ApiVersion;
                    entity.Kind = type.Kind;
                    items.Add(entity);
                }
            }

            return new KubernetesList<T>(items, metadata ?? new ListMeta(), unreadable);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new InvalidDataException($"The API server's list of {type} cannot be read: {e.Message}", e);
        }
    }

    private static async Task<JsonNode?> ReadNodeAsync(Stream body, CancellationToken cancellationToken)
    {
        using MemoryStream copy = new();
        await body.CopyToAsync(copy, cancellationToken);
        if (copy.Length == 0)
        {
            return null;
        }

        Span<byte> bytes = copy.GetBuffer().AsSpan(0, (int)copy.Length);
        try
        {
            return JsonNode.Parse(bytes);
        }
        catch (JsonException)
        {
            // Health endpoints answer plain text.
            return JsonValue.Create(System.Text.Encoding.UTF8.GetString(bytes));
        }
    }

    private static async Task<bool> DrainAsync(Stream body, CancellationToken cancellationToken)
    {
        await body.CopyToAsync(Stream.Null, cancellationToken);
        return true;
    }

    private static byte[] JsonBytes(JsonNode node)
    {
        using MemoryStream buffer = new();
        using (Utf8JsonWriter writer = new(buffer))
        {
            node.WriteTo(writer);
        }

        return buffer.ToArray();
    }

    private string? RequireNamespace(KubernetesType type, string? ns) =>
        type.Scope == EntityScope.Cluster ? null : string.IsNullOrEmpty(ns) ? Namespace : ns;

    private static string RequireName(IKubernetesObject entity) =>
        entity.Metadata.Name is { Length: > 0 } name ? name : throw new ArgumentException("The object has no name.", nameof(entity));
}
