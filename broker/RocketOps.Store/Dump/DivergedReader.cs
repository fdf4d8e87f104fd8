using System.Buffers.Binary;
using RocketOps.Store.Files;

namespace RocketOps.Store.Dump;

/// <summary>Reads the messages of a <see cref="DivergedLog"/> in the order of the log, one at a time; each is checked as recovery checks it. One thread.</summary>
public sealed class DivergedReader : IDisposable
{
    private readonly DivergedLog _log;
    private readonly IStoreFile _file;
    private byte[] _buffer = new byte[64 * 1024];
    private int _length;
    private long _at;

    /// <summary>Throws <see cref="StoreIOException"/> when the file cannot be opened.</summary>
    public DivergedReader(IStoreFileSystem files, DivergedLog log)
    {
        ArgumentNullException.ThrowIfNull(files);
        ArgumentNullException.ThrowIfNull(log);
        _log = log;
        _file = files.Open(log.Path, FileOpenMode.Read);
    }

    /// <summary>The message read last; valid until the next is read.</summary>
    public RecordView Current => RecordView.Read(_buffer.AsSpan(0, _length));

    /// <summary>Problem that ended the reading before the end of the file; null when there was none.</summary>
    public string? Problem { get; private set; }

    /// <summary>Reads the next message; false behind the last one, and where the bytes are none.</summary>
    public bool MoveNext()
    {
        Span<byte> head = stackalloc byte[RecordLayout.BlankBytes];
        while (Problem is null && _file.Read(head, _at) == head.Length)
        {
            int size = BinaryPrimitives.ReadInt32BigEndian(head);
            int magic = BinaryPrimitives.ReadInt32BigEndian(head[RecordLayout.MagicAt..]);
            if (size == 0 && magic == 0)
            {
                return false;
            }

            if (size <= 0 || (magic != RecordLayout.MagicBlank && size > _log.Bytes - _at))
            {
                Problem = $"at offset {_log.Offset + _at} of the log begins no record";
                return false;
            }

            if (magic == RecordLayout.MagicBlank)
            {
                // The rest of one file of the log.
                _at += size;
                continue;
            }

            return TryRead(size);
        }

        return false;
    }

    public void Dispose() => _file.Dispose();

    private bool TryRead(int size)
    {
        if (_buffer.Length < size)
        {
            _buffer = new byte[size];
        }

        _length = _file.Read(_buffer.AsSpan(0, size), _at);
        RecordCheck check = RecordView.Parse(_buffer.AsSpan(0, _length), _log.Offset + _at, verifyCrc: true, out _);
        if (check != RecordCheck.Valid)
        {
            Problem = $"at offset {_log.Offset + _at} of the log is no whole record ({check})";
            return false;
        }

        _at += size;
        return true;
    }
}
