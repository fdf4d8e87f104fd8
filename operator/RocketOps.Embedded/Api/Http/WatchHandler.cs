using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Reading;
using RocketOps.Embedded.Api.Resources;
using RocketOps.Embedded.Api.Store;
using RocketOps.Embedded.Api.Tables;

namespace RocketOps.Embedded.Api.Http;

/// <summary>
/// Watches (reference: embedded-api.md §7.2). A watch holds a position in the store's window and no events of its own: a client that reads too slowly falls
/// out of the window or into the write timeout, and is ended.
/// </summary>
internal sealed class WatchHandler(ObjectStore store, Projection projection, EmbeddedApiOptions settings, CancellationToken stopping)
{
    private const int Batch = 256;

    /// <summary>Without timeoutSeconds a watch ends after 30 to 60 minutes, so that clients spread over restarts; the real server's range.</summary>
    private static readonly TimeSpan ShortestDefault = TimeSpan.FromMinutes(30);

    private readonly TimeProvider _time = settings.TimeProvider;

    public async Task WatchAsync(HttpContext context, RequestTarget target, ListOptions options, ApiFault? fault)
    {
        Stream stream = new(context, target, options, Representation.Negotiate(context.Request), fault);
        context.Response.StatusCode = 200;
        context.Response.ContentType = "application/json";
        await context.Response.StartAsync(context.RequestAborted);
        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);

        TimeSpan lifetime = options.Timeout ?? ShortestDefault + (Random.Shared.NextDouble() * ShortestDefault);
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        Task expiry = Task.Delay(lifetime, _time, end.Token);
        try
        {
            await RunAsync(stream, expiry, end.Token);
        }
        catch (OperationCanceledException)
        {
            // The client left or the server stops: there is no further protocol.
        }
        finally
        {
            await end.CancelAsync();
        }
    }

    private async Task RunAsync(Stream stream, Task expiry, CancellationToken cancellationToken)
    {
        ListOptions options = stream.Options;
        if (stream.Fault is { ExpireWatch: true })
        {
            await ExpireAsync(stream, 1, cancellationToken);
            return;
        }

        bool fromState = options.ResourceVersion is "" or "0" || options.SendInitialEvents == true;
        long position;
        if (fromState && options.SendInitialEvents != false)
        {
            CollectionSnapshot snapshot = store.Snapshot(stream.Target.Resource.Collection);
            foreach ((_, StoredObject stored) in snapshot.Objects)
            {
                if (Matches(stream, stored))
                {
                    await SendAsync(stream, "ADDED", stored, cancellationToken);
                }
            }

            position = snapshot.Version;
            if (options.SendInitialEvents == true && options.AllowBookmarks)
            {
                await BookmarkAsync(stream, position, initialEventsEnd: true, cancellationToken);
            }
        }
        else
        {
            position = ListOptions.TryVersion(options.ResourceVersion, out long given) && given > 0 ? given : store.Version;
        }

        Task bookmark = NextBookmark(stream, cancellationToken);
        while (!stream.IsCut)
        {
            (bool expired, IReadOnlyList<StoreEvent> events, Task next, long version) = store.ChangesAfter(stream.Target.Resource.Collection, position, Batch);
            if (expired)
            {
                await ExpireAsync(stream, position, cancellationToken);
                return;
            }

            foreach (StoreEvent change in events)
            {
                await SendChangeAsync(stream, change, cancellationToken);
            }

            await FlushAsync(stream, cancellationToken);
            position = Math.Max(position, version);
            if (next.IsCompleted && events.Count == Batch)
            {
                continue;
            }

            Task first = await Task.WhenAny(next, expiry, bookmark).WaitAsync(cancellationToken);
            if (first == expiry)
            {
                return;
            }

            if (first == bookmark)
            {
                await BookmarkAsync(stream, position, initialEventsEnd: false, cancellationToken);
                bookmark = NextBookmark(stream, cancellationToken);
            }
        }
    }

    private Task NextBookmark(Stream stream, CancellationToken cancellationToken) =>
        stream.Options.AllowBookmarks && stream.Fault is not { WithholdBookmarks: true }
            ? Task.Delay(settings.BookmarkInterval, _time, cancellationToken)
            : Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);

    private static bool Matches(Stream stream, StoredObject? stored) =>
        stored is not null
        && (stream.Target.Namespace.Length == 0 || stored.Name.Namespace == stream.Target.Namespace)
        && (stream.Target.Name.Length == 0 || stored.Name.Name == stream.Target.Name)
        && stream.Options.Labels.Matches(stored.Labels)
        && stream.Options.Fields.Matches(stored);

    /// <summary>Entering and leaving a selector look like creation and deletion.</summary>
    private async ValueTask SendChangeAsync(Stream stream, StoreEvent change, CancellationToken cancellationToken)
    {
        bool before = Matches(stream, change.Old);
        bool after = Matches(stream, change.New);
        switch (before, after)
        {
            case (false, true):
                await SendAsync(stream, "ADDED", change.New!, cancellationToken);
                break;
            case (true, true):
                await SendAsync(stream, "MODIFIED", change.New!, cancellationToken);
                break;
            case (true, false):
                // The last matching state under the version of the change.
                await SendAsync(stream, "DELETED", ObjectStore.WithVersion(change.Old!, change.Version), cancellationToken);
                break;
        }
    }

    private async ValueTask SendAsync(Stream stream, string type, StoredObject stored, CancellationToken cancellationToken)
    {
        if (stream.IsCut)
        {
            return;
        }

        ResourceDefinition resource = stream.Target.Resource;
        JsonElement view = projection.View(stored, resource);
        switch (stream.Representation.Form)
        {
            case RepresentationForm.Table:
                JsonObject metadata = new() { ["resourceVersion"] = view.GetProperty("metadata").GetProperty("resourceVersion").GetString() };
                string include = stream.Context.Request.Query["includeObject"].ToString();
                JsonObject table = TableBuilder.Build(resource, [view], stream.Representation.MetaVersion, include, metadata, _time.GetUtcNow(), stream.Sent == 0);
                Write(stream, type, table.ToUtf8());
                break;
            case RepresentationForm.Metadata:
                Write(stream, type, TableBuilder.Partial(view, "meta.k8s.io/" + stream.Representation.MetaVersion).ToUtf8());
                break;
            default:
                Write(stream, type, JsonMarshal.GetRawUtf8Value(view));
                break;
        }

        stream.Sent++;
        if (stream.Context.Response.BodyWriter.UnflushedBytes > 64 * 1024 || stream.IsCut)
        {
            await FlushAsync(stream, cancellationToken);
        }
    }

    private async Task BookmarkAsync(Stream stream, long version, bool initialEventsEnd, CancellationToken cancellationToken)
    {
        if (stream.Fault is { WithholdBookmarks: true })
        {
            return;
        }

        JsonObject metadata = new() { ["resourceVersion"] = version.ToString(CultureInfo.InvariantCulture) };
        if (initialEventsEnd)
        {
            metadata["annotations"] = new JsonObject { ["k8s.io/initial-events-end"] = "true" };
        }

        ResourceDefinition resource = stream.Target.Resource;
        JsonObject bookmark = new() { ["kind"] = resource.Kind, ["apiVersion"] = resource.GroupVersion, ["metadata"] = metadata };
        switch (stream.Representation.Form)
        {
            case RepresentationForm.Table:
                bookmark = new JsonObject
                {
                    ["kind"] = "Table",
                    ["apiVersion"] = "meta.k8s.io/" + stream.Representation.MetaVersion,
                    ["metadata"] = new JsonObject { ["resourceVersion"] = version.ToString(CultureInfo.InvariantCulture) },
                    ["columnDefinitions"] = null,
                    ["rows"] = new JsonArray(new JsonObject { ["cells"] = new JsonArray(), ["object"] = bookmark }),
                };
                break;
            case RepresentationForm.Metadata:
                bookmark["kind"] = "PartialObjectMetadata";
                bookmark["apiVersion"] = "meta.k8s.io/" + stream.Representation.MetaVersion;
                break;
        }

        Write(stream, "BOOKMARK", bookmark.ToUtf8());
        await FlushAsync(stream, cancellationToken);
    }

    private async Task ExpireAsync(Stream stream, long version, CancellationToken cancellationToken)
    {
        Errors.ApiErrorException expired = Errors.ApiErrors.Expired($"too old resource version: {version} ({store.OldestVersion})");
        Write(stream, "ERROR", expired.ToStatus().ToUtf8());
        await FlushAsync(stream, cancellationToken);
    }

    private static void Write(Stream stream, string type, ReadOnlySpan<byte> json)
    {
        IBufferWriter<byte> body = stream.Context.Response.BodyWriter;
        body.Write("{\"type\":\""u8);
        body.Write(System.Text.Encoding.ASCII.GetBytes(type));
        body.Write("\",\"object\":"u8);
        body.Write(json);
        body.Write("}\n"u8);
    }

    private async ValueTask FlushAsync(Stream stream, CancellationToken cancellationToken)
    {
        if (stream.Context.Response.BodyWriter.UnflushedBytes == 0)
        {
            return;
        }

        ValueTask<System.IO.Pipelines.FlushResult> flush = stream.Context.Response.BodyWriter.FlushAsync(cancellationToken);
        if (flush.IsCompletedSuccessfully)
        {
            _ = flush.Result;
            return;
        }

        try
        {
            await flush.AsTask().WaitAsync(settings.SlowReaderTimeout, _time, cancellationToken);
        }
        catch (TimeoutException e)
        {
            stream.Context.Abort();
            throw new OperationCanceledException("the watch's client does not read", e);
        }
    }

    private sealed record Stream(HttpContext Context, RequestTarget Target, ListOptions Options, Representation Representation, ApiFault? Fault)
    {
        public int Sent { get; set; }

        public bool IsCut => Fault?.CutWatchAfter is { } limit && Sent >= limit;
    }
}
