using System.Buffers.Binary;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using RocketOps.Store.Files;
using RocketOps.Store.Log;
using RocketOps.Store.Records;

namespace RocketOps.Store.Dump;

/// <summary>
/// Prints the content of a store directory as JSON lines: message, blank, tail, queue, batchQueue, index, checkpoint, offsets, abort. The same kinds and fields as the
/// dump tool for Apache's stores prints, so that two stores, or one store seen by two programs, can be compared line by line.
/// </summary>
public static class StoreDumper
{
    private static readonly JsonWriterOptions JsonOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes everything to <paramref name="output"/>, which stays open.</summary>
    /// <param name="files">Where the store lies.</param>
    /// <param name="root">Its root directory.</param>
    /// <param name="output">Receives UTF-8 lines.</param>
    /// <param name="withUnits">Lists the units of queues too.</param>
    /// <param name="cancellationToken">Ends early.</param>
    public static void Dump(IStoreFileSystem files, string root, Stream output, bool withUnits, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(files);
        ArgumentNullException.ThrowIfNull(output);
        using OfflineStore store = OfflineStore.Open(files, root);
        using JsonLines lines = new(output);
        ScanEnd end = new LogScanner(store.Segments).Scan(store.Segments.MinOffset, new MessageLines(lines), cancellationToken);
        lines.Write(json =>
        {
            json.WriteString("kind", "tail");
            json.WriteNumber("physicalOffset", end.Offset);
            if (end.Reason != RecordCheck.Empty)
            {
                json.WriteString("reason", end.Reason.ToString());
            }
        });
        foreach (OfflineQueue queue in store.Queues())
        {
            cancellationToken.ThrowIfCancellationRequested();
            WriteQueue(lines, store, queue, withUnits);
        }

        foreach ((string name, long length, Indexing.IndexHeader header) in store.IndexFiles())
        {
            lines.Write(json =>
            {
                json.WriteString("kind", "index");
                json.WriteString("file", name);
                json.WriteNumber("fileSize", length);
                json.WriteNumber("beginTimestamp", header.BeginTimestamp);
                json.WriteNumber("endTimestamp", header.EndTimestamp);
                json.WriteNumber("beginPhysicalOffset", header.BeginPhysicalOffset);
                json.WriteNumber("endPhysicalOffset", header.EndPhysicalOffset);
                json.WriteNumber("usedSlots", header.UsedSlots);
                json.WriteNumber("indexCount", header.IndexCount);
            });
        }

        WriteRest(lines, store);
    }

    /// <summary>Writes the messages that a cut took off a log, as <see cref="Dump"/> writes those of a log. Returns what ended it before the end of the file; null when nothing did.</summary>
    /// <param name="files">Where the store lies.</param>
    /// <param name="log">Of its <c>diverged</c> directory.</param>
    /// <param name="output">Receives UTF-8 lines.</param>
    /// <param name="cancellationToken">Ends early.</param>
    public static string? DumpDiverged(IStoreFileSystem files, DivergedLog log, Stream output, CancellationToken cancellationToken)
    {
        using DivergedReader reader = new(files, log);
        using JsonLines lines = new(output);
        while (reader.MoveNext())
        {
            cancellationToken.ThrowIfCancellationRequested();
            WriteMessage(lines.Begin(), reader.Current);
            lines.End();
        }

        return reader.Problem;
    }

    private static void WriteQueue(JsonLines lines, OfflineStore store, OfflineQueue queue, bool withUnits)
    {
        long first = -1;
        long next = 0;
        List<OfflineUnit> units = [];
        foreach (OfflineUnit unit in store.Units(queue))
        {
            first = first < 0 ? unit.QueueOffset : first;
            next = unit.QueueOffset + unit.Count;
            if (withUnits)
            {
                units.Add(unit);
            }
        }

        lines.Write(json =>
        {
            json.WriteString("kind", queue.IsBatch ? "batchQueue" : "queue");
            json.WriteString("topic", queue.Topic);
            json.WriteNumber("queueId", queue.QueueId);
            if (!queue.IsBatch)
            {
                // Units of the other kind say it themselves.
                json.WriteNumber("minOffset", Math.Max(first, 0));
                json.WriteNumber("maxOffset", next);
            }

            if (!withUnits)
            {
                return;
            }

            json.WriteStartArray("units");
            foreach (OfflineUnit unit in units)
            {
                json.WriteStartArray();
                json.WriteNumberValue(unit.Unit.PhysicalOffset);
                json.WriteNumberValue(unit.Unit.RecordSize);
                json.WriteNumberValue(unit.Unit.TagsCode);
                if (queue.IsBatch)
                {
                    json.WriteNumberValue(unit.StoreTimestamp);
                    json.WriteNumberValue(unit.QueueOffset);
                    json.WriteNumberValue(unit.Count);
                }

                json.WriteEndArray();
            }

            json.WriteEndArray();
        });
    }

    private static void WriteRest(JsonLines lines, OfflineStore store)
    {
        if (store.ReadCheckpoint() is { } checkpoint)
        {
            lines.Write(json =>
            {
                json.WriteString("kind", "checkpoint");
                json.WriteNumber("physicMsgTimestamp", checkpoint.PhysicTimestamp);
                json.WriteNumber("logicsMsgTimestamp", checkpoint.LogicsTimestamp);
                json.WriteNumber("indexMsgTimestamp", checkpoint.IndexTimestamp);
                json.WriteNumber("masterFlushedOffset", checkpoint.MasterFlushedOffset);
                json.WriteNumber("confirmPhyOffset", checkpoint.ConfirmOffset);
                json.WriteNumber("logicsPhysicalOffset", checkpoint.LogicsPhysicalOffset);
            });
        }

        foreach (string name in (string[])["consumerOffset.json", "lmqConsumerOffset.json", "delayOffset.json"])
        {
            if (store.ReadConfig(name) is { } text)
            {
                lines.Write(json =>
                {
                    json.WriteString("kind", "offsets");
                    json.WriteString("file", name);
                    OffsetTables.WriteTable(json, text);
                });
            }
        }

        lines.Write(json =>
        {
            json.WriteString("kind", "abort");
            json.WriteBoolean("present", store.HasAbort);
        });
    }

    private static void WriteMessage(Utf8JsonWriter json, in RecordView record)
    {
        RecordProperties properties = RecordProperties.Read(record.Properties);
        json.WriteString("kind", "message");
        json.WriteString("topic", record.Topic);
        json.WriteNumber("queueId", record.QueueId);
        json.WriteNumber("queueOffset", record.QueueOffset);
        json.WriteNumber("physicalOffset", record.PhysicalOffset);
        json.WriteNumber("size", record.Size);
        json.WriteString("offsetMsgId", MessageId(record));
        WriteUnlessEmpty(json, "uniqKey", properties.UniqueKey);
        WriteUnlessEmpty(json, "tags", properties.Tags);
        WriteUnlessEmpty(json, "keys", properties.Keys);
        json.WriteNumber("flag", record.Flag);
        json.WriteNumber("sysFlag", record.SysFlag);
        json.WriteNumber("bodyCrc", record.BodyCrc);
        json.WriteNumber("storedBodySize", record.Body.Length);
        WriteBody(json, record);
        json.WriteNumber("bornTimestamp", record.BornTimestamp);
        json.WriteString("bornHost", record.BornHost.ToString());
        json.WriteNumber("storeTimestamp", record.StoreTimestamp);
        json.WriteString("storeHost", record.StoreHost.ToString());
        json.WriteNumber("reconsumeTimes", record.ReconsumeTimes);
        json.WriteNumber("preparedTransactionOffset", record.PreparedTransactionOffset);
        json.WriteStartObject("properties");
        SortedDictionary<string, string> sorted = new(StringComparer.Ordinal);
        PropertyReader reader = new(record.Properties);
        while (reader.TryRead(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
        {
            sorted[Encoding.UTF8.GetString(name)] = Encoding.UTF8.GetString(value);
        }

        foreach ((string name, string value) in sorted)
        {
            json.WriteString(name, value);
        }

        json.WriteEndObject();
    }

    /// <summary>Size and digest of what the consumer gets. Bodies compressed with LZ4 or ZSTD, which .NET has no decoder for, have neither.</summary>
    private static void WriteBody(Utf8JsonWriter json, in RecordView record)
    {
        byte[] body = record.Body.ToArray();
        if ((record.SysFlag & SysFlags.Compressed) != 0)
        {
            if ((record.SysFlag & SysFlags.CompressionMask) is not (SysFlags.OldZlib or SysFlags.Zlib) || !TryInflate(ref body))
            {
                return;
            }
        }

        json.WriteNumber("bodySize", body.Length);
        json.WriteString("bodySha256", Convert.ToHexStringLower(SHA256.HashData(body)));
    }

    private static bool TryInflate(ref byte[] body)
    {
        // A body of a few bytes can claim gigabytes; no client sends more than the largest message unpacked by much.
        const int maxBytes = 256 * 1024 * 1024;
        try
        {
            using MemoryStream inflated = new();
            using ZLibStream zlib = new(new MemoryStream(body), CompressionMode.Decompress);
            byte[] chunk = new byte[64 * 1024];
            while (zlib.Read(chunk) is var read and > 0)
            {
                inflated.Write(chunk, 0, read);
                if (inflated.Length > maxBytes)
                {
                    return false;
                }
            }

            body = inflated.ToArray();
            return true;
        }
        catch (Exception malformed) when (malformed is InvalidDataException or IOException)
        {
            // ZLibException is an IOException.
            return false;
        }
    }

    private static string MessageId(in RecordView record)
    {
        Span<byte> id = stackalloc byte[28];
        int host = record.StoreHost.Write(id);
        BinaryPrimitives.WriteInt64BigEndian(id[host..], record.PhysicalOffset);
        return Convert.ToHexString(id[..(host + 8)]);
    }

    private static void WriteUnlessEmpty(Utf8JsonWriter json, string name, ReadOnlySpan<byte> value)
    {
        if (!value.IsEmpty)
        {
            json.WriteString(name, Encoding.UTF8.GetString(value));
        }
    }

    private sealed class MessageLines(JsonLines lines) : ILogVisitor
    {
        public void OnRecord(in RecordView record)
        {
            Utf8JsonWriter json = lines.Begin();
            WriteMessage(json, record);
            lines.End();
        }

        public void OnBlank(long offset, int size) => lines.Write(json =>
        {
            json.WriteString("kind", "blank");
            json.WriteNumber("physicalOffset", offset);
            json.WriteNumber("size", size);
        });
    }

    /// <summary>One JSON object per line.</summary>
    private sealed class JsonLines(Stream output) : IDisposable
    {
        private readonly Utf8JsonWriter _json = new(output, JsonOptions);

        public Utf8JsonWriter Begin()
        {
            _json.WriteStartObject();
            return _json;
        }

        public void End()
        {
            _json.WriteEndObject();
            _json.Flush();
            output.WriteByte((byte)'\n');
            _json.Reset();
        }

        public void Write(Action<Utf8JsonWriter> members)
        {
            members(Begin());
            End();
        }

        public void Dispose() => _json.Dispose();
    }
}
