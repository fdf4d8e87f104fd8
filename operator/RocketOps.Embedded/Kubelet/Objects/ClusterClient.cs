using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace RocketOps.Embedded.Kubelet.Objects;

/// <summary>
/// The calls the kubelet and its controllers make, on objects as JSON. The HttpClient carries address, trust and
/// credentials; its timeout must be infinite because watches live long. Unary calls have a deadline of their own.
/// </summary>
internal sealed class ClusterClient(HttpClient http)
{
    private static readonly TimeSpan UnaryTimeout = TimeSpan.FromSeconds(30);

    // A watch frame is one object; etcd and the embedded store refuse objects above 3 MiB.
    private const int MaxFrameBytes = 8 * 1024 * 1024;

    public async Task<KubeObject?> GetAsync(ResourceKind kind, string ns, string name, CancellationToken cancellation)
    {
        try
        {
            return await SendAsync(HttpMethod.Get, kind.ObjectPath(ns, name), null, null, cancellation);
        }
        catch (ClusterApiException refused) when (refused.IsNotFound)
        {
            return null;
        }
    }

    public Task<KubeObject> CreateAsync(ResourceKind kind, string ns, JsonObject body, CancellationToken cancellation)
    {
        body["apiVersion"] = kind.ApiVersion;
        body["kind"] = kind.Kind;
        return SendAsync(HttpMethod.Post, kind.CollectionPath(ns) + "?fieldManager=rocketops-kubelet", body, "application/json", cancellation);
    }

    /// <summary>Writes the fields of <paramref name="patch"/> (RFC 7396: null removes, lists are replaced whole).</summary>
    public Task<KubeObject> PatchAsync(
        ResourceKind kind, string ns, string name, string? subresource, JsonObject patch, CancellationToken cancellation)
    {
        string path = kind.ObjectPath(ns, name) + (subresource is null ? "" : "/" + subresource) + "?fieldManager=rocketops-kubelet";
        return SendAsync(HttpMethod.Patch, path, patch, "application/merge-patch+json", cancellation);
    }

    public async Task PostSubresourceAsync(ResourceKind kind, string ns, string name, string subresource, JsonObject body, CancellationToken cancellation) =>
        _ = await SendAsync(HttpMethod.Post, $"{kind.ObjectPath(ns, name)}/{subresource}", body, "application/json", cancellation);

    /// <summary>Deletes the object with exactly this uid; true when it is marked or gone, also when it was gone before.</summary>
    public async Task<bool> DeleteAsync(
        ResourceKind kind, KubeObject target, int? graceSeconds, CancellationToken cancellation)
    {
        JsonObject options = new()
        {
            ["apiVersion"] = "v1",
            ["kind"] = "DeleteOptions",
            ["propagationPolicy"] = "Background",
            ["preconditions"] = new JsonObject { ["uid"] = target.Uid },
        };
        if (graceSeconds is { } grace)
        {
            options["gracePeriodSeconds"] = grace;
        }

        try
        {
            await SendAsync(HttpMethod.Delete, kind.ObjectPath(target.Namespace, target.Name), options, "application/json", cancellation);
            return true;
        }
        catch (ClusterApiException refused) when (refused.IsNotFound || refused.IsConflict)
        {
            // Another object took the name: the one that was meant is gone.
            return true;
        }
    }

    public async Task<ObjectList> ListAsync(ResourceKind kind, CancellationToken cancellation)
    {
        List<KubeObject> items = new();
        string? continuation = null;
        while (true)
        {
            string path = kind.CollectionPath(null) + "?limit=500" + (continuation is null ? "" : "&continue=" + Uri.EscapeDataString(continuation));
            JsonElement page = await SendRawAsync(HttpMethod.Get, path, null, null, cancellation);
            foreach (JsonElement item in page.Items("items"))
            {
                items.Add(new KubeObject(item));
            }

            continuation = page.Field("metadata").Text("continue");
            if (string.IsNullOrEmpty(continuation))
            {
                return new ObjectList(items, page.Field("metadata").Text("resourceVersion") ?? "");
            }
        }
    }

    /// <summary>
    /// Changes after <paramref name="resourceVersion"/> until the server ends the stream. An ERROR frame is thrown as
    /// <see cref="ClusterApiException"/>; a last partial line is dropped.
    /// </summary>
    public async IAsyncEnumerable<WatchEvent> WatchAsync(
        ResourceKind kind, string resourceVersion, int timeoutSeconds, [EnumeratorCancellation] CancellationToken cancellation)
    {
        string path = string.Create(
            CultureInfo.InvariantCulture,
            $"{kind.CollectionPath(null)}?watch=true&allowWatchBookmarks=true&timeoutSeconds={timeoutSeconds}&resourceVersion={Uri.EscapeDataString(resourceVersion)}");
        using HttpRequestMessage request = NewRequest(HttpMethod.Get, path, null, null);
        using HttpResponseMessage response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        await ThrowIfRefusedAsync(response, cancellation);
        await using Stream stream = await response.Content.ReadAsStreamAsync(cancellation);
        PipeReader reader = PipeReader.Create(stream, new StreamPipeReaderOptions(leaveOpen: true));
        try
        {
            while (true)
            {
                ReadResult read = await reader.ReadAsync(cancellation);
                ReadOnlySequence<byte> buffer = read.Buffer;
                while (TryReadLine(ref buffer, out ReadOnlySequence<byte> line))
                {
                    if (Decode(line) is { } change)
                    {
                        yield return change;
                    }
                }

                if (buffer.Length > MaxFrameBytes)
                {
                    throw new InvalidDataException($"A watch frame of {kind.Plural} exceeds {MaxFrameBytes} bytes.");
                }

                reader.AdvanceTo(buffer.Start, buffer.End);
                if (read.IsCompleted)
                {
                    yield break;
                }
            }
        }
        finally
        {
            await reader.CompleteAsync();
        }
    }

    private static bool TryReadLine(ref ReadOnlySequence<byte> buffer, out ReadOnlySequence<byte> line)
    {
        if (buffer.PositionOf((byte)'\n') is not { } end)
        {
            line = default;
            return false;
        }

        line = buffer.Slice(0, end);
        buffer = buffer.Slice(buffer.GetPosition(1, end));
        return true;
    }

    private static WatchEvent? Decode(in ReadOnlySequence<byte> line)
    {
        if (line.IsEmpty)
        {
            return null;
        }

        Utf8JsonReader reader = new(line);
        JsonElement frame = JsonElement.ParseValue(ref reader);
        JsonElement body = frame.Field("object");
        switch (frame.Text("type"))
        {
            case "ADDED" or "MODIFIED":
                return new WatchEvent(WatchEventType.Upserted, new KubeObject(body));
            case "DELETED":
                return new WatchEvent(WatchEventType.Deleted, new KubeObject(body));
            case "BOOKMARK":
                return new WatchEvent(WatchEventType.Bookmark, new KubeObject(body));
            case "ERROR":
                throw ToException((HttpStatusCode)(body.Int("code") ?? 500), body);
            case var other:
                throw new InvalidDataException($"Unknown watch event '{other}'.");
        }
    }

    private async Task<KubeObject> SendAsync(HttpMethod method, string path, JsonObject? body, string? contentType, CancellationToken cancellation) =>
        new(await SendRawAsync(method, path, body, contentType, cancellation));

    private async Task<JsonElement> SendRawAsync(HttpMethod method, string path, JsonObject? body, string? contentType, CancellationToken cancellation)
    {
        using CancellationTokenSource deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(UnaryTimeout);
        using HttpRequestMessage request = NewRequest(method, path, body, contentType);
        try
        {
            using HttpResponseMessage response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, deadline.Token);
            await ThrowIfRefusedAsync(response, deadline.Token);
            await using Stream stream = await response.Content.ReadAsStreamAsync(deadline.Token);
            using JsonDocument document = await JsonDocument.ParseAsync(stream, cancellationToken: deadline.Token);
            return document.RootElement.Clone();
        }
        catch (OperationCanceledException late) when (!cancellation.IsCancellationRequested)
        {
            throw new TimeoutException($"{method} {path} had no answer within {UnaryTimeout.TotalSeconds:0} s.", late);
        }
    }

    private static HttpRequestMessage NewRequest(HttpMethod method, string path, JsonObject? body, string? contentType)
    {
        HttpRequestMessage request = new(method, path);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body.ToJsonString()));
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(contentType!);
        }

        return request;
    }

    private static async Task ThrowIfRefusedAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        if (response.IsSuccessStatusCode)
        {
            return;
        }

        string text = await response.Content.ReadAsStringAsync(cancellation);
        JsonElement status;
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            status = document.RootElement.Clone();
        }
        catch (JsonException notAStatus)
        {
            throw new ClusterApiException(response.StatusCode, "", $"HTTP {(int)response.StatusCode}: {text}", notAStatus);
        }

        throw ToException(response.StatusCode, status);
    }

    private static ClusterApiException ToException(HttpStatusCode code, JsonElement status) =>
        new(code, status.Text("reason") ?? "", status.Text("message") ?? $"HTTP {(int)code}");
}
