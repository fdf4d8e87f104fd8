using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using RocketOps.Embedded.Api.Errors;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Reading;
using RocketOps.Embedded.Api.Requests;
using RocketOps.Embedded.Api.Resources;
using RocketOps.Embedded.Api.Store;

namespace RocketOps.Embedded.Api.Http;

/// <summary>
/// Watches (reference: embedded-api.md §7.2). A watch holds a position in the store's window and no events of its own: a client that reads too slowly falls
/// out of the window or into the write timeout, and is ended.
/// </summary>
internal sealed class WatchHandler(ObjectStore store, Projection projection, EmbeddedApiOptions settings, CancellationToken stopping)
{
    private const int Batch = 256;

    /// <summary>Shortest watch without timeoutSeconds: 30 to 60 minutes, as in the real server, spread clients over restarts.</summary>
    private static readonly TimeSpan ShortestDefault = TimeSpan.FromMinutes(30);

    private readonly TimeProvider _time = settings.TimeProvider;

    public async Task WatchAsync(HttpContext context, RequestTarget target, ListOptions options)
    {
        Stream stream = new(context, target, options, Representation.Negotiate(context.Request));
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
        (_, RequestTarget target, ListOptions options, _) = stream;
        long position = ListOptions.TryVersion(options.ResourceVersion, out long given) && given > 0 ? given : store.Version;
        if (options.SendInitialEvents ?? options.ResourceVersion is "" or "0")
        {
            CollectionSnapshot snapshot = store.Snapshot(target.Resource.Collection);
            foreach (StoredObject stored in snapshot.Objects.Values.Where(stored => options.Selects(target, stored)))
            {
                await SendAsync(stream, "ADDED", stored, cancellationToken);
            }

            position = snapshot.Version;
            if (options.SendInitialEvents == true && options.AllowBookmarks)
            {
                await BookmarkAsync(stream, position, initialEventsEnd: true, cancellationToken);
            }
        }

        // Where a watch begins, all that came after has to be known, of whatever collection; one that goes on misses only what is forgotten of its own.
        bool isKnown = position >= store.OldestVersion;
        bool isBookmarkDue = false;
        Task bookmark = NextBookmark(stream, cancellationToken);
        while (true)
        {
            (bool expired, IReadOnlyList<StoreEvent> events, Task next, long version) = store.ChangesAfter(target.Resource.Collection, position, Batch);
            if (expired || !isKnown)
            {
                ApiErrorException tooOld = ApiErrors.Expired($"too old resource version: {position} ({store.OldestVersion})");
                Write(stream, "ERROR", tooOld.ToStatus().ToUtf8());
                await FlushAsync(stream, cancellationToken);
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

            if (isBookmarkDue)
            {
                await BookmarkAsync(stream, position, initialEventsEnd: false, cancellationToken);
                bookmark = NextBookmark(stream, cancellationToken);
                isBookmarkDue = false;
            }

            Task first = await Task.WhenAny(next, expiry, bookmark).WaitAsync(cancellationToken);
            if (first == expiry)
            {
                return;
            }

            // Of the store's newest version, which other collections may have moved on since.
            isBookmarkDue = first == bookmark;
        }
    }

    private Task NextBookmark(Stream stream, CancellationToken cancellationToken) =>
        Task.Delay(stream.Options.AllowBookmarks ? settings.BookmarkInterval : Timeout.InfiniteTimeSpan, _time, cancellationToken);

    /// <summary>Entering and leaving a selector look like creation and deletion.</summary>
    private ValueTask SendChangeAsync(Stream stream, StoreEvent change, CancellationToken cancellationToken)
    {
        bool before = change.Old is not null && stream.Options.Selects(stream.Target, change.Old);
        bool after = change.New is not null && stream.Options.Selects(stream.Target, change.New);
        return (before, after) switch
        {
            (false, true) => SendAsync(stream, "ADDED", change.New!, cancellationToken),
            (true, true) => SendAsync(stream, "MODIFIED", change.New!, cancellationToken),
            // The last matching state under the version of the change.
            (true, false) => SendAsync(stream, "DELETED", ObjectStore.WithVersion(change.Old!, change.Version), cancellationToken),
            _ => ValueTask.CompletedTask,
        };
    }

    private async ValueTask SendAsync(Stream stream, string type, StoredObject stored, CancellationToken cancellationToken)
    {
        ResourceDefinition resource = stream.Target.Resource;
        Write(stream, type, stream.Form.Show(projection.View(stored, resource), resource, _time.GetUtcNow(), stream.IsFirst).Span);
        stream.IsFirst = false;
        if (stream.Context.Response.BodyWriter.UnflushedBytes > 64 * 1024)
        {
            await FlushAsync(stream, cancellationToken);
        }
    }

    private async Task BookmarkAsync(Stream stream, long version, bool initialEventsEnd, CancellationToken cancellationToken)
    {
        string text = version.ToString(CultureInfo.InvariantCulture);
        JsonObject metadata = new() { ["resourceVersion"] = text };
        if (initialEventsEnd)
        {
            metadata["annotations"] = new JsonObject { ["k8s.io/initial-events-end"] = "true" };
        }

        bool isMetadata = stream.Form.Form is RepresentationForm.Metadata;
        JsonObject bookmark = new()
        {
            ["kind"] = isMetadata ? "PartialObjectMetadata" : stream.Target.Resource.Kind,
            ["apiVersion"] = isMetadata ? stream.Form.MetaVersion : stream.Target.Resource.GroupVersion,
            ["metadata"] = metadata,
        };
        if (stream.Form.Form is RepresentationForm.Table)
        {
            bookmark = new JsonObject
            {
                ["kind"] = "Table",
                ["apiVersion"] = stream.Form.MetaVersion,
                ["metadata"] = new JsonObject { ["resourceVersion"] = text },
                ["columnDefinitions"] = null,
                ["rows"] = new JsonArray(new JsonObject { ["cells"] = new JsonArray(), ["object"] = bookmark }),
            };
        }

        Write(stream, "BOOKMARK", bookmark.ToUtf8());
        await FlushAsync(stream, cancellationToken);
    }

    private static void Write(Stream stream, string type, ReadOnlySpan<byte> json)
    {
        IBufferWriter<byte> body = stream.Context.Response.BodyWriter;
        body.Write(System.Text.Encoding.ASCII.GetBytes($"{{\"type\":\"{type}\",\"object\":"));
        body.Write(json);
        body.Write("}\n"u8);
    }

    private async ValueTask FlushAsync(Stream stream, CancellationToken cancellationToken)
    {
        if (stream.Context.Response.BodyWriter.UnflushedBytes == 0)
        {
            return;
        }

        ValueTask<FlushResult> flush = stream.Context.Response.BodyWriter.FlushAsync(cancellationToken);
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

    private sealed record Stream(HttpContext Context, RequestTarget Target, ListOptions Options, Representation Form)
    {
        /// <summary>Only the first Table says what its columns are.</summary>
        public bool IsFirst { get; set; } = true;
    }
}
