using System.Buffers;
using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text.Json;
using RocketOps.Embedded.Api.Json;

namespace RocketOps.Embedded.Api.Store;

/// <summary>
/// The file behind <see cref="ObjectStore"/>: an append-only log, rewritten as a snapshot when most of it is history. A killed process loses nothing (each
/// change is written to the kernel before it is visible); a power cut may lose the last changes, never what came before them.
/// </summary>
internal sealed class ObjectLog : IDisposable
{
    // File: 8 bytes magic, then records. All integers little-endian. Keep in sync with docs/embedded-control-plane.md.
    //   off  size  field
    //   0    4     n       payload bytes, 1 .. MaxPayload
    //   4    4     crc     CRC-32 (IEEE) of the payload
    //   8    n     payload JSON {"v":version,"c":collection,"s":namespace,"n":name,"o":object or null}; {"v":version} alone raises the counter
    private const int HeaderBytes = 8;
    private const int MaxPayload = 16 << 20;

    /// <summary>Below this size history is cheaper kept than rewritten.</summary>
    private const long CompactFloorBytes = 4 << 20;

    private const int SearchWindowBytes = 1 << 20;

    /// <summary>Blocks beyond the end that are the log's already: on a full disk an object can still say that it is full.</summary>
    private const long ReserveBytes = 1 << 20;

    private static readonly byte[] PayloadStart = "{\"v\":"u8.ToArray();
    private static readonly byte[] Magic = "ROKAPI\x01\n"u8.ToArray();

    private readonly string _path;
    private FileStream _file;
    private long _liveBytes;
    private long _reservedEnd;

    /// <summary>Opens or creates <c>objects.log</c> in <paramref name="directory"/>; the caller holds the directory's lock.</summary>
    public ObjectLog(string directory)
    {
        Directory.CreateDirectory(directory);
        _path = Path.Combine(directory, "objects.log");
        _file = Open(_path, FileMode.OpenOrCreate);
    }

    /// <summary>Replays the log.</summary>
    /// <returns>The last version, 0 for a new log.</returns>
    /// <exception cref="InvalidDataException">A record with whole ones behind it is damaged; nothing is changed and the file is named.</exception>
    public long Recover(Action<string, ObjectName, StoredObject?> restore)
    {
        long version = 0;
        long end = _file.Length;
        if (end < Magic.Length)
        {
            // A new file, or one whose creation was torn.
            _file.SetLength(0);
            _file.Write(Magic);
            _file.Flush();
            return 0;
        }

        byte[] header = new byte[HeaderBytes];
        _file.Position = 0;
        _file.ReadExactly(header);
        if (!header.AsSpan().SequenceEqual(Magic))
        {
            throw new InvalidDataException($"{_path} is not an object log of this version");
        }

        for (long position = Magic.Length; position < end;)
        {
            if (ReadRecord(position, end) is { } payload)
            {
                version = Math.Max(version, Replay(payload, restore));
                position += HeaderBytes + payload.Length;
                continue;
            }

            // The last record may be torn. Whole records behind it mean corruption, whatever the length field says: dropping those would lose objects.
            if (FindWholeRecord(position + 1, end) is { } next)
            {
                throw new InvalidDataException(
                    $"{_path}: the record at offset {position} is damaged and a whole one follows at offset {next}; nothing was changed. "
                    + "Put back a copy of the file, or move it aside to start empty");
            }

            CutTail(position, end);
            break;
        }

        _file.Position = _file.Length;
        _liveBytes = _file.Length;
        return version;
    }

    public void Append(long version, string collection, ObjectName name, JsonElement? json)
    {
        try
        {
            // The position moves when all is written: half a record is overwritten by the next one, and what that leaves of it is a torn tail.
            _file.Write(Encode(version, collection, name, json));
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            throw new IOException($"the object log {_path} cannot be written: {e.Message}", e);
        }

        if (_reservedEnd - _file.Position < ReserveBytes / 2 && OperatingSystem.IsLinux() && NativeMethods.Reserve(_file.SafeFileHandle, NativeMethods.KeepSize, _file.Position, ReserveBytes) == 0)
        {
            _reservedEnd = _file.Position + ReserveBytes;
        }
    }

    /// <summary>Rewrites the file without its history once that is most of it: new file, fsync, rename.</summary>
    public void CompactIfWorthwhile(long version, Func<IEnumerable<StoredObject>> objects)
    {
        if (_file.Length < Math.Max(CompactFloorBytes, 4 * _liveBytes))
        {
            return;
        }

        string temporary = _path + ".new";
        FileStream? next = null;
        try
        {
            next = Open(temporary, FileMode.Create);
            next.Write(Magic);
            foreach (StoredObject stored in objects())
            {
                next.Write(Encode(stored.Version, stored.Collection, stored.Name, stored.Json));
            }

            next.Write(Encode(version, null, default, null));
            next.Flush(flushToDisk: true);
            File.Move(temporary, _path, overwrite: true);
        }
        catch (IOException)
        {
            // The old file is whole and goes on growing; the next attempt comes when it has grown as much again.
            next?.Dispose();
            File.Delete(temporary);
            _liveBytes = _file.Length;
            return;
        }

        _file.Dispose();
        _file = next;
        (_liveBytes, _reservedEnd) = (next.Length, 0);
    }

    public void Dispose()
    {
        if (_file.CanWrite)
        {
            _file.Flush(flushToDisk: true);
        }

        _file.Dispose();
    }

    /// <summary>The offset of the first whole record from <paramref name="start"/> on, or null. Found by how every payload begins and proven by its checksum.</summary>
    private long? FindWholeRecord(long start, long end)
    {
        byte[] window = new byte[SearchWindowBytes];
        for (long at = start + HeaderBytes; at + PayloadStart.Length <= end;)
        {
            int count = RandomAccess.Read(_file.SafeFileHandle, window.AsSpan(0, (int)Math.Min(window.Length, end - at)), at);
            if (count < PayloadStart.Length)
            {
                return null;
            }

            for (int from = 0; window.AsSpan(from, count - from).IndexOf(PayloadStart) is >= 0 and int found; from += found + 1)
            {
                long record = at + from + found - HeaderBytes;
                if (ReadRecord(record, end) is not null)
                {
                    return record;
                }
            }

            // The last bytes may be the first of a match.
            at += count - PayloadStart.Length + 1;
        }

        return null;
    }

    /// <summary>The payload of the record at this place; null when there is none, or no whole one.</summary>
    private byte[]? ReadRecord(long position, long end)
    {
        byte[] header = new byte[HeaderBytes];
        int length = RandomAccess.Read(_file.SafeFileHandle, header, position) == HeaderBytes ? BinaryPrimitives.ReadInt32LittleEndian(header) : 0;
        if (length is <= 0 or > MaxPayload || length > end - position - HeaderBytes)
        {
            return null;
        }

        byte[] payload = new byte[length];
        return RandomAccess.Read(_file.SafeFileHandle, payload, position + HeaderBytes) == length && Crc32.HashToUInt32(payload) == BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(4))
            ? payload
            : null;
    }

    /// <summary>Copies what is behind <paramref name="position"/> to a file of its own before it is cut off: somebody may want to look.</summary>
    private void CutTail(long position, long end)
    {
        using (FileStream kept = Open(FormattableString.Invariant($"{_path}.torn-{position}"), FileMode.Create))
        {
            _file.Position = position;
            _file.CopyTo(kept);
            kept.Flush(flushToDisk: true);
        }

        _file.SetLength(position);
    }

    // No buffer in the stream: a change is with the kernel before anybody sees it. No sharing: a second server on the directory fails at its start.
    private static FileStream Open(string path, FileMode mode)
    {
        FileStreamOptions options = new() { Mode = mode, Access = FileAccess.ReadWrite, Share = FileShare.None, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
        {
            // Secrets are among the objects.
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return new FileStream(path, options);
    }

    private static byte[] Encode(long version, string? collection, ObjectName name, JsonElement? json)
    {
        ArrayBufferWriter<byte> buffer = new(1024);
        buffer.Advance(HeaderBytes);
        using (Utf8JsonWriter writer = new(buffer, JsonNodes.WriterOptions))
        {
            writer.WriteStartObject();
            writer.WriteNumber("v", version);
            if (collection is not null)
            {
                writer.WriteString("c", collection);
                writer.WriteString("s", name.Namespace);
                writer.WriteString("n", name.Name);
                writer.WritePropertyName("o");
                if (json is { } element)
                {
                    writer.WriteRawValue(JsonMarshal.GetRawUtf8Value(element), skipInputValidation: true);
                }
                else
                {
                    writer.WriteNullValue();
                }
            }

            writer.WriteEndObject();
        }

        byte[] record = buffer.WrittenSpan.ToArray();
        BinaryPrimitives.WriteInt32LittleEndian(record, record.Length - HeaderBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(4), Crc32.HashToUInt32(record.AsSpan(HeaderBytes)));
        return record;
    }

    private static long Replay(byte[] payload, Action<string, ObjectName, StoredObject?> restore)
    {
        using JsonDocument document = JsonDocument.Parse(payload, new JsonDocumentOptions { MaxDepth = 2 * JsonReading.MaxDepth });
        JsonElement root = document.RootElement;
        long version = root.GetProperty("v").GetInt64();
        if (root.TryGetProperty("c", out JsonElement collection))
        {
            ObjectName name = new(root.GetProperty("s").GetString()!, root.GetProperty("n").GetString()!);
            JsonElement json = root.GetProperty("o");
            restore(collection.GetString()!, name, json.ValueKind is JsonValueKind.Null ? null : new StoredObject(collection.GetString()!, name, version, json.Clone()));
        }

        return version;
    }
}
