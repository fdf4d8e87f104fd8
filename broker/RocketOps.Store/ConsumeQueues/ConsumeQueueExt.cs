using System.Buffers.Binary;
using Microsoft.Extensions.Logging;
using RocketOps.Store.Contracts;

namespace RocketOps.Store.ConsumeQueues;

/// <summary>
/// Extensions of one queue's units: records of different lengths one behind the other in files below <c>consumequeue_ext</c>, found by the address that a unit holds. Source: store.md §3.4.
/// <para>
/// Appended in memory by whoever dispatches and handed to the kernel before the units that point to them. Nothing here is ever needed: what cannot be read makes the reader look at the
/// message itself, and a queue whose files cannot be used goes on without.
/// </para>
/// <para>
/// The queue's lock guards everything but <see cref="Append"/> (one putter at a time) and <see cref="Read"/>. Positions: written ≤ end; between them lies what is pending.
/// </para>
/// </summary>
internal sealed partial class ConsumeQueueExt
{
    private const int FirstPendingBytes = 1024;
    private const int WriteBytes = 16 * 1024;

    private readonly QueueEnvironment _environment;
    private readonly QueueFiles _files;
    private readonly string _topic;
    private readonly int _queueId;
    private readonly Lock _pendingLock = new();
    private byte[] _pending = [];
    private long _written;
    private long _end;
    private bool _hasEnd;
    private volatile bool _isUnusable;

    public ConsumeQueueExt(QueueEnvironment environment, StoreTopic topic, int queueId, Lock queueLock)
    {
        _environment = environment;
        _topic = topic.Name;
        _queueId = queueId;
        _files = new QueueFiles(environment, topic.Name, queueId, queueLock);
    }

    public bool HasUnsynced => _files.HasUnsynced;

    /// <summary>It is known where the next one goes. For the putter.</summary>
    public bool HasEnd => _hasEnd;

    /// <summary>Keeps an extension. Returns what its unit is to hold: the address, or the tags code itself when there is no room for it.</summary>
    public long Append(in ExtUnit unit)
    {
        lock (_pendingLock)
        {
            if (!_hasEnd)
            {
                // The first message of a new queue: there are no files, unless somebody has removed the queue's alone.
                Begin();
            }

            if (_isUnusable || unit.Size > ExtUnit.MaxBytes || unit.Size > _environment.FileBytes - ExtUnit.EndBytes || _end > ExtAddress.MaxOffset - ExtUnit.MaxBytes)
            {
                return unit.TagsCode;
            }

            int left = (int)(_environment.FileBytes - (_end % _environment.FileBytes));
            if (unit.Size > left - ExtUnit.EndBytes)
            {
                Span<byte> rest = Extend(left);
                rest.Clear();
                if (left >= sizeof(short))
                {
                    // It always is, but behind a damaged extension.
                    BinaryPrimitives.WriteInt16BigEndian(rest, ExtUnit.EndMark);
                }
            }

            long offset = _end;
            unit.Write(Extend(unit.Size));
            return ExtAddress.Of(offset);
        }
    }

    /// <summary>Hands what is pending to the kernel. Throws <see cref="Files.StoreIOException"/>; what was not written stays pending.</summary>
    public void Write()
    {
        Span<byte> chunk = stackalloc byte[WriteBytes];
        while (true)
        {
            int count;
            lock (_pendingLock)
            {
                count = (int)Math.Min(Math.Min(_end - _written, chunk.Length), _environment.FileBytes - (_written % _environment.FileBytes));
                if (count == 0)
                {
                    // Usually a few hundred bytes; after a burst the memory goes back.
                    _pending = _pending.Length > WriteBytes ? [] : _pending;
                    return;
                }

                _pending.AsSpan(0, count).CopyTo(chunk);
            }

            _files.Write(_written, chunk[..count]);
            lock (_pendingLock)
            {
                int rest = (int)(_end - _written) - count;
                _pending.AsSpan(count, rest).CopyTo(_pending);
                Volatile.Write(ref _written, _written + count);
            }
        }
    }

    /// <summary>Copies bytes from an offset on, as many as fit, are there and lie in one place. Returns how many; 0 where nothing is, −1 when that would wait for the disk. Needs no lock.</summary>
    public int Read(long offset, Span<byte> destination, bool mayBlock)
    {
        lock (_pendingLock)
        {
            if (offset < 0 || offset >= _end)
            {
                return 0;
            }

            if (offset >= _written)
            {
                int count = (int)Math.Min(destination.Length, _end - offset);
                _pending.AsSpan((int)(offset - _written), count).CopyTo(destination);
                return count;
            }
        }

        int length = (int)Math.Min(Math.Min(destination.Length, Volatile.Read(ref _written) - offset), _environment.FileBytes - (offset % _environment.FileBytes));
        if (length <= 0 || _isUnusable)
        {
            return 0;
        }

        try
        {
            return _files.Read(offset, destination[..length], mayBlock);
        }
        catch (StoreException e)
        {
            _isUnusable = true;
            LogUnusable(_environment.Logger, _topic, _queueId, e.Message);
            return 0;
        }
    }

    /// <summary>
    /// Finds where the extensions end, behind the one that the queue's last unit points to; what lies there is cleared when new ones are to come. Where that cannot be told, because the last
    /// unit has none or its is damaged, new ones begin with a new file: nothing that another unit may point to is overwritten.
    /// </summary>
    /// <param name="lastTagsCode">Of the last unit that is no filler; 0 without one.</param>
    public void Load(long lastTagsCode)
    {
        _hasEnd = true;
        _isUnusable = false;
        try
        {
            _files.List();
            long listedEnd = _files.Starts is [.., var last] ? last + _environment.FileBytes : 0;
            SetEnd(listedEnd);
            long offset = ExtAddress.Is(lastTagsCode) ? ExtAddress.OffsetOf(lastTagsCode) : -1;
            if (offset >= 0 && new ExtWindow().Read(this, offset, mayBlock: true, out ExtUnit unit) == ReadOutcome.Done)
            {
                SetEnd(offset + unit.Size);
                if (_environment.WritesExt)
                {
                    _files.ZeroFrom(_end);
                }
            }
            else if (offset >= listedEnd)
            {
                SetEnd((offset / _environment.FileBytes * _environment.FileBytes) + _environment.FileBytes);
            }
        }
        catch (StoreException e)
        {
            SetUnusable(e);
        }
    }

    /// <summary>Removes files that lie wholly below the extension a unit points to; the newest stays.</summary>
    public void ExpireBelow(long tagsCode)
    {
        if (ExtAddress.Is(tagsCode) && !_isUnusable)
        {
            long offset = ExtAddress.OffsetOf(tagsCode);
            while (_files.Starts is [_, var next, ..] && next <= offset)
            {
                _files.RemoveFirst();
            }
        }
    }

    /// <inheritdoc cref="QueueFiles.Flush"/>
    public void Flush(ISet<string> unsyncedDirectories) => _files.Flush(unsyncedDirectories);

    /// <inheritdoc cref="QueueFiles.CloseAll"/>
    public void CloseAll() => _files.CloseAll();

    /// <inheritdoc cref="QueueFiles.Abandon"/>
    public void Abandon() => _files.Abandon();

    /// <inheritdoc cref="QueueFiles.Delete"/>
    public void Delete() => _files.Delete();

    /// <inheritdoc cref="QueueFiles.SetAside"/>
    public void SetAside() => _files.SetAside();

    private void Begin()
    {
        _hasEnd = true;
        try
        {
            _files.List();
            SetEnd(_files.Starts is [.., var last] ? last + _environment.FileBytes : 0);
        }
        catch (StoreException e)
        {
            SetUnusable(e);
        }
    }

    private void SetEnd(long end)
    {
        lock (_pendingLock)
        {
            Volatile.Write(ref _written, end);
            _end = end;
        }
    }

    private void SetUnusable(StoreException reason)
    {
        _isUnusable = true;
        SetEnd(0);
        LogUnusable(_environment.Logger, _topic, _queueId, reason.Message);
    }

    /// <summary>Room for so many bytes behind what is pending, which then end there.</summary>
    private Span<byte> Extend(int bytes)
    {
        int at = (int)(_end - _written);
        if (_pending.Length < at + bytes)
        {
            Array.Resize(ref _pending, Math.Max(at + bytes, Math.Max(FirstPendingBytes, _pending.Length * 2)));
        }

        _end += bytes;
        return _pending.AsSpan(at, bytes);
    }

    [LoggerMessage(EventId = 2108, Level = LogLevel.Error, Message = "The extensions of queue {QueueId} of {Topic} cannot be used; its messages are filtered by what they hold, and new ones get no extension: {Reason}")]
    private static partial void LogUnusable(ILogger logger, string topic, int queueId, string reason);
}

/// <summary>
/// The place of an extension, as consume-queue units hold it instead of a tags code: its offset from the smallest number on. A hash of tags is an int and a delivery time positive, so
/// that neither is taken for one. Source: store.md §3.4.
/// </summary>
internal static class ExtAddress
{
    private const long Max = int.MinValue - 1L;

    /// <summary>Largest offset that an address can tell.</summary>
    public const long MaxOffset = Max - long.MinValue;

    public static bool Is(long tagsCode) => tagsCode <= Max;

    public static long Of(long offset) => offset + long.MinValue;

    public static long OffsetOf(long address) => address - long.MinValue;
}
