using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Kubernetes.Client.Transport;

/// <summary>
/// Reads a watch: one JSON object <c>{"type":…,"object":…}</c> per line. A partial last line means the stream broke off; it is dropped, and the caller goes on
/// from the last version it has.
/// </summary>
internal static class WatchReader
{
    public static async IAsyncEnumerable<WatchEvent<T>> ReadAsync<T>(
        Stream stream, JsonTypeInfo<T> json, int maxEventBytes, TimeSpan? idleTimeout, TimeProvider time, [EnumeratorCancellation] CancellationToken cancellationToken)
        where T : class, IKubernetesObject
    {
        PipeReader reader = PipeReader.Create(stream);
        try
        {
            while (true)
            {
                ReadResult result = await ReadAsync(reader, idleTimeout, time, cancellationToken);
                ReadOnlySequence<byte> buffer = result.Buffer;
                while (TryReadLine(ref buffer, out ReadOnlySequence<byte> line))
                {
                    if (!line.IsEmpty)
                    {
                        yield return Parse(line, json);
                    }
                }

                if (buffer.Length > maxEventBytes)
                {
                    throw new InvalidDataException($"An event of the watch is larger than {maxEventBytes} bytes.");
                }

                reader.AdvanceTo(buffer.Start, buffer.End);
                if (result.IsCompleted)
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

    private static async ValueTask<ReadResult> ReadAsync(PipeReader reader, TimeSpan? idleTimeout, TimeProvider time, CancellationToken cancellationToken)
    {
        if (idleTimeout is not { } idle)
        {
            return await reader.ReadAsync(cancellationToken);
        }

        using CancellationTokenSource timer = new(idle, time);
        using CancellationTokenSource linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timer.Token);
        try
        {
            return await reader.ReadAsync(linked.Token);
        }
        catch (OperationCanceledException e) when (timer.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"The watch gave no sign of life for {idle}.", e);
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

    private static WatchEvent<T> Parse<T>(ReadOnlySequence<byte> line, JsonTypeInfo<T> json)
        where T : class, IKubernetesObject
    {
        using JsonDocument document = ParseDocument(line);
        try
        {
            return Parse(document.RootElement, json);
        }
        catch (InvalidOperationException e)
        {
            // Bytes within a string that are not UTF-8 are found out only when the string is asked for.
            throw new InvalidDataException($"A line of the watch cannot be read: {e.Message}", e);
        }
    }

    private static WatchEvent<T> Parse<T>(JsonElement root, JsonTypeInfo<T> json)
        where T : class, IKubernetesObject
    {
        if (root.ValueKind != JsonValueKind.Object
            || !root.TryGetProperty("type", out JsonElement typeName)
            || typeName.ValueKind != JsonValueKind.String
            || !root.TryGetProperty("object", out JsonElement item)
            || item.ValueKind != JsonValueKind.Object)
        {
            throw new InvalidDataException("A line of the watch has no type and object.");
        }

        switch (typeName.GetString())
        {
            case "ADDED":
                return Event(WatchEventType.Added, item, json);
            case "MODIFIED":
                return Event(WatchEventType.Modified, item, json);
            case "DELETED":
                return Event(WatchEventType.Deleted, item, json);
            case "BOOKMARK":
                return new WatchEvent<T>(WatchEventType.Bookmark, ObjectReader.ResourceVersion(item), Object: null);
            case "ERROR":
                // The object is a Status here, whatever the watch is of.
                Status status = ParseStatus(item);
                throw new KubernetesException((HttpStatusCode)(status.Code ?? 500), status);
            default:
                throw new InvalidDataException($"A line of the watch has the unknown type '{typeName.GetString()}'.");
        }
    }

    private static Status ParseStatus(JsonElement item)
    {
        try
        {
            return item.Deserialize(ClientJsonContext.Default.Status) ?? new Status();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new InvalidDataException($"The watch ended with an error that cannot be read: {e.Message}", e);
        }
    }

    private static JsonDocument ParseDocument(ReadOnlySequence<byte> line)
    {
        try
        {
            return JsonDocument.Parse(line);
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"A line of the watch is not JSON: {e.Message}", e);
        }
    }

    private static WatchEvent<T> Event<T>(WatchEventType type, JsonElement item, JsonTypeInfo<T> json)
        where T : class, IKubernetesObject
    {
        (T? entity, UnreadableObject? unreadable) = ObjectReader.Read(item, json);
        return new WatchEvent<T>(type, ObjectReader.ResourceVersion(item), entity, unreadable);
    }
}
