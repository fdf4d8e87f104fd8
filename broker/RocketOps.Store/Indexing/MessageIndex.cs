using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using RocketOps.Store.Files;
using RocketOps.Store.Records;

namespace RocketOps.Store.Indexing;

/// <summary>
/// Messages by key. Put by whoever dispatches, into memory; the maintenance pass hands it to the kernel. One lock guards all: puts are short, and look-ups
/// hold it only to find where a chain begins.
/// </summary>
internal sealed partial class MessageIndex : IDisposable
{
    /// <summary>
    /// Entries after which the slots are written although the file is not full: what a start after a kill has to put into the slots again, 20 MB to read.
    /// </summary>
    private const int SlotWriteEntries = 1_000_000;

    private readonly StoreOptions _options;
    private readonly IStoreFileSystem _files;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly string _directory;
    private readonly Lock _lock = new();
    private readonly List<IndexFile> _indexFiles = [];
    private readonly List<IndexFile> _filled = [];
    private IndexFile? _current;
    private long _indexedThrough = -1;

    public MessageIndex(StoreOptions options, IStoreFileSystem files, TimeProvider time, ILogger logger)
    {
        _options = options;
        _files = files;
        _time = time;
        _logger = logger;
        _directory = Path.Combine(options.RootDirectory, "index");
    }

    /// <summary>Name of the file being written and how many of its entries its slots on disk know, for the checkpoint.</summary>
    public (long Name, int SlotsValidUpTo) Position
    {
        get
        {
            lock (_lock)
            {
                return _current is null ? (0, 0) : (long.Parse(_current.Name), _current.SlotsWrittenCount);
            }
        }
    }

    /// <summary>Store time of the newest indexed message, 0 without one.</summary>
    public long EndTimestamp
    {
        get
        {
            lock (_lock)
            {
                return _indexFiles.Count == 0 ? 0 : _indexFiles[^1].Header.EndTimestamp;
            }
        }
    }

    /// <summary>Opens the files there are.</summary>
    /// <param name="deleteAfter">After an unclean stop by another program or machine: files that end later are deleted, as Java does, for nobody knows what of them is on the disk. Null keeps all.</param>
    /// <param name="currentName">After an unclean stop of our own: the file being written then,</param>
    /// <param name="slotsValidUpTo">and how many of its entries its slots know; later ones are put in again. Otherwise all are.</param>
    /// <param name="logEnd">End of the log's last file: a file that claims keys of later messages is damaged, or another log's. Kept, it would keep new keys out, and older files from expiring.</param>
    public void Load(long? deleteAfter, long currentName, int slotsValidUpTo, long logEnd)
    {
        List<string> names = [];
        foreach (var entry in _files.List(_directory))
        {
            if (!entry.IsDirectory && long.TryParse(entry.Name, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            {
                names.Add(entry.Name);
            }
        }

        names.Sort(StringComparer.Ordinal);
        foreach (var name in names)
        {
            var file = IndexFile.Open(_files, Path.Combine(_directory, name), _options.IndexSlots, _options.IndexEntries);
            var isBeyondLog = file is not null && file.Header.EndPhysicalOffset >= logEnd && file.Header.IndexCount > 1;
            if (file is null || isBeyondLog || (deleteAfter is { } limit && file.Header.EndTimestamp > limit))
            {
                if (isBeyondLog)
                {
                    LogBeyondLog(name, file!.Header.EndPhysicalOffset, logEnd);
                }
                else
                {
                    LogDeleted(name);
                }

                file?.Dispose();
                _files.DeleteFile(Path.Combine(_directory, name));
                continue;
            }

            _indexFiles.Add(file);
        }

        if (_indexFiles is [.., var last])
        {
            _indexedThrough = last.Header.IndexCount > 1 ? last.Header.EndPhysicalOffset : -1;
            if (!last.IsFull)
            {
                last.Continue(long.Parse(last.Name) == currentName ? slotsValidUpTo : last.Header.IndexCount);
                _current = last;
            }
        }
    }

    /// <summary>Adds the keys of a message; one that is in the index already (dispatched again by recovery) is left out.</summary>
    public void Put(StoreTopic topic, in RecordView record, in RecordProperties properties)
    {
        var physicalOffset = record.PhysicalOffset;
        if ((record.SysFlag & SysFlags.TransactionMask) == SysFlags.TransactionRollback)
        {
            return;
        }

        lock (_lock)
        {
            if (physicalOffset <= _indexedThrough)
            {
                return;
            }

            var storeTimestamp = record.StoreTimestamp;
            if (!properties.UniqueKey.IsEmpty)
            {
                Put(IndexKey.Hash(topic.IndexPrefixHash, properties.UniqueKey), physicalOffset, storeTimestamp);
            }

            var keys = properties.Keys;
            while (!keys.IsEmpty)
            {
                var end = keys.IndexOf((byte)' ');
                var key = end < 0 ? keys : keys[..end];
                keys = end < 0 ? default : keys[(end + 1)..];
                if (!key.IsEmpty)
                {
                    Put(IndexKey.Hash(topic.IndexPrefixHash, key), physicalOffset, storeTimestamp);
                }
            }

            if (_options.TagIndexEnabled && !properties.Tags.IsEmpty)
            {
                Put(IndexKey.Hash(JavaHash.Continue(topic.IndexPrefixHash, "T#"u8), properties.Tags), physicalOffset, storeTimestamp);
            }

            _indexedThrough = physicalOffset;
        }
    }

    /// <summary>Hands what was put to the kernel; slots only when many have changed, or all.</summary>
    public void Write(bool withSlots)
    {
        IndexFile[] filled;
        lock (_lock)
        {
            filled = [.. _filled];
            _filled.Clear();
            if (_current is not null)
            {
                _current.WriteEntries();
                if (withSlots || _current.UnwrittenSlotEntries >= SlotWriteEntries)
                {
                    _current.WriteSlots();
                }
            }
        }

        // Full files change no more: their slots go without the lock, and with them they are durable for good.
        foreach (var file in filled)
        {
            file.WriteSlots();
            file.Flush();
            lock (_lock)
            {
                file.Seal();
            }
        }
    }

    /// <summary>Makes everything written durable, after <see cref="Write"/>.</summary>
    public void Flush()
    {
        IndexFile? current;
        lock (_lock)
        {
            current = _current;
        }

        current?.Flush();
    }

    public IndexQueryResult Query(string topic, string key, int maxNum, long begin, long end)
    {
        var keyHash = IndexKey.Hash(JavaHash.Compute(Encoding.UTF8.GetBytes($"{topic}#")), Encoding.UTF8.GetBytes(key));
        List<PhysicalOffset> found = [];
        List<(IndexFile File, IndexHeader Header, int First)> chains = [];
        long lastTimestamp = 0;
        long lastOffset = 0;
        lock (_lock)
        {
            if (_current is not null)
            {
                _current.WriteEntries();
            }

            for (var i = _indexFiles.Count - 1; i >= 0; i--)
            {
                var file = _indexFiles[i];
                if (_filled.Contains(file))
                {
                    file.WriteEntries();
                }

                var header = file.Header;
                if (i == _indexFiles.Count - 1)
                {
                    lastTimestamp = header.EndTimestamp;
                    lastOffset = header.EndPhysicalOffset;
                }

                if (begin <= header.EndTimestamp && end >= header.BeginTimestamp)
                {
                    chains.Add((file, header, file.FirstEntry(keyHash)));
                }

                if (header.BeginTimestamp < begin)
                {
                    break;
                }
            }
        }

        foreach (var (file, header, first) in chains)
        {
            if (found.Count >= maxNum)
            {
                break;
            }

            try
            {
                file.Select(first, keyHash, maxNum, begin, end, header, found);
            }
            catch (ObjectDisposedException)
            {
                // Retention deleted the file meanwhile; so are the messages it pointed to.
                break;
            }
        }

        return new IndexQueryResult(found, lastTimestamp, new PhysicalOffset(lastOffset));
    }

    /// <summary>Deletes files whose newest message is below the log; the newest file stays.</summary>
    public int ExpireBelow(long minPhysicalOffset)
    {
        lock (_lock)
        {
            var removed = 0;
            while (_indexFiles.Count > 1 && _indexFiles[0].Header.EndPhysicalOffset < minPhysicalOffset && !_filled.Contains(_indexFiles[0]))
            {
                _indexFiles[0].Delete();
                _indexFiles.RemoveAt(0);
                removed++;
            }

            return removed;
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var file in _indexFiles)
            {
                file.Dispose();
            }

            _indexFiles.Clear();
            _current = null;
        }
    }

    private void Put(int keyHash, long physicalOffset, long storeTimestamp)
    {
        var current = _current;
        if (current is null || current.IsFull)
        {
            current = Roll(current);
        }

        current.Put(keyHash, physicalOffset, storeTimestamp);
    }

    private IndexFile Roll(IndexFile? full)
    {
        if (full is not null)
        {
            full.WriteEntries();
            _filled.Add(full);
        }
        else
        {
            _files.CreateDirectory(_directory);
        }

        // Java names a file by the local time of its creation; two within a millisecond (tiny test files) take the next free one.
        var time = _time.GetLocalNow();
        string path;
        do
        {
            path = Path.Combine(_directory, time.ToString("yyyyMMddHHmmssfff"));
            time = time.AddMilliseconds(1);
        }
        while (_files.FileExists(path) || (_indexFiles is [.., var last] && string.CompareOrdinal(Path.GetFileName(path), last.Name) <= 0));

        var previous = _indexFiles is [.., var newest] ? newest.Header : (IndexHeader?)null;
        _current = IndexFile.Create(_files, path, _options.IndexSlots, _options.IndexEntries, previous);
        _indexFiles.Add(_current);
        return _current;
    }

    [LoggerMessage(EventId = 2201, Level = LogLevel.Warning, Message = "Index file {Name} was not completed before the unclean stop and is deleted; keys of messages recovered from the log are indexed again")]
    private partial void LogDeleted(string name);

    [LoggerMessage(EventId = 2202, Level = LogLevel.Error, Message = "Index file {Name} claims keys of messages up to {EndPhysicalOffset}, but the log ends before {LogEnd}: it is deleted")]
    private partial void LogBeyondLog(string name, long endPhysicalOffset, long logEnd);
}
