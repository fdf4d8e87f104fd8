using System.Text;
using Microsoft.Extensions.Logging;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;
using RocketOps.Store.Log;
using RocketOps.Store.Records;

namespace RocketOps.Store.Indexing;

/// <summary>
/// Messages by key. Put by whoever dispatches, into memory; the maintenance pass hands it to the kernel. One lock guards what is in memory and is never held while the
/// disk works: whoever dispatches takes it for every message. Files are written by one thread at a time, under a lock of their own.
/// </summary>
internal sealed partial class MessageIndex : IDisposable
{
    /// <summary>
    /// Entries that are chained although the file is not full: a start after a kill has to read them, 8 MB, and their hashes stay in memory until then. Fewer at once cost more, as all slots are
    /// read and written each time.
    /// </summary>
    private const int ChainEntries = 400_000;

    /// <summary>Entries in memory that recovery writes itself, as no maintenance runs yet.</summary>
    private const int RecoveryEntries = 50_000;

    private readonly StoreOptions _options;
    private readonly ILogger _logger;
    private readonly IndexFolder _folder;
    private readonly IndexWriter _writer;
    private readonly Lock _lock = new();
    private readonly Lock _writeLock = new();
    private readonly List<IndexFile> _indexFiles = [];
    private readonly List<IndexFile> _filled = [];
    private IndexFile? _current;
    private IndexPosition _position;
    private long _indexedThrough = -1;
    private bool _isRecovering = true;

    // Keys from before the start that may be in no chain are still to be read.
    private bool _needsKeys;

    public MessageIndex(StoreOptions options, IStoreFileSystem files, TimeProvider time, ILogger logger)
    {
        _options = options;
        _logger = logger;
        _folder = new IndexFolder(options, files, time, logger);
        _writer = new IndexWriter(_lock);
    }

    /// <summary>Position up to which the index is on the disk, for the checkpoint. For whoever writes.</summary>
    public IndexPosition Position
    {
        get
        {
            lock (_lock)
            {
                return _position;
            }
        }
    }

    /// <summary>Extent of the index in the kernel, after <see cref="Write"/>.</summary>
    public IndexExtent Written
    {
        get
        {
            lock (_lock)
            {
                IndexFile? newest = _indexFiles.FindLast(static file => file.WrittenCount > 1);
                return newest is null ? default : new IndexExtent(long.Parse(newest.Name), newest.WrittenCount, newest.Header.UsedSlots);
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
    /// <param name="deleteAfter">After an unclean stop by another program: files that end later are deleted, as Java does, for nobody knows what of them is on the disk. Null keeps all.</param>
    /// <param name="known">
    /// What the checkpoint knows to be in the slots: entries behind it are put in again, a kill may have come before that. Null where another program has written: then the slots know all.
    /// </param>
    /// <param name="readFrom">From there on the log is read, and its messages are put again.</param>
    /// <param name="logEnd">End of the log's last file: a file that claims keys of later messages is damaged, or another log's. Kept, it would keep new keys out, and older files from expiring.</param>
    /// <param name="indexedThrough">Keys of messages up to there are in the index, or are not to be; −1 where only the files tell.</param>
    public void Load(long? deleteAfter, IndexPosition? known, long readFrom, long logEnd, long indexedThrough = -1)
    {
        _folder.Open(deleteAfter, readFrom, logEnd, _indexFiles);
        _indexedThrough = indexedThrough;
        if (_indexFiles is not [.., var last])
        {
            return;
        }

        int inSlots = EntriesInSlots(last, known);
        _position = known ?? new IndexPosition(long.Parse(last.Name), inSlots);
        _indexedThrough = Math.Max(indexedThrough, FindIndexedThrough());
        if (!last.IsFull || inSlots < last.Header.IndexCount)
        {
            last.Continue(inSlots);
            _current = last;

            // Up to hundreds of thousands of entries are nothing that a start should wait for.
            _needsKeys = last.NeedsKeys;
        }
    }

    /// <summary>Adds the keys of a message; one that is in the index already (dispatched again by recovery) is left out.</summary>
    public void Put(StoreTopic topic, in RecordView record, in RecordProperties properties)
    {
        long physicalOffset = record.PhysicalOffset;
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

            RecordKeys keys = new(topic, properties, _options.TagIndexEnabled);
            while (keys.TryRead(out int keyHash))
            {
                Put(keyHash, physicalOffset, record.StoreTimestamp);
            }

            _indexedThrough = physicalOffset;
        }
    }

    /// <summary>The same for messages whose keys have been hashed already, in the order of the log.</summary>
    public void Put(ReadOnlySpan<MessageDescriptor> messages)
    {
        lock (_lock)
        {
            for (int i = 0; i < messages.Length; i++)
            {
                ref readonly MessageDescriptor message = ref messages[i];
                if (message.Offset <= _indexedThrough)
                {
                    continue;
                }

                foreach (int keyHash in message.Keys)
                {
                    Put(keyHash, message.Offset, message.StoreTimestamp);
                }

                _indexedThrough = message.Offset;
            }
        }
    }

    /// <summary>
    /// Finds, for a cut of the log at an offset, the message from which on keys have to be put again: files that know later messages are
    /// dropped as a whole, and with them those that end within the same message. That offset, or an earlier one.
    /// </summary>
    public long RebuildStart(long cutAt)
    {
        lock (_lock)
        {
            long start = cutAt;
            for (int i = _indexFiles.Count - 1; i >= 0 && _indexFiles[i].Header is var header && header.EndPhysicalOffset >= start; i--)
            {
                start = Math.Min(start, header.BeginPhysicalOffset);
            }

            return start;
        }
    }

    /// <summary>
    /// Drops the files with keys of messages from <see cref="RebuildStart"/> on. Everything is written and durable, nobody puts or writes; queries may run. Until
    /// <see cref="EndRecovery"/> whoever puts may wait for the disk.
    /// </summary>
    public void Truncate(long from)
    {
        List<IndexFile> dropped = [];
        lock (_lock)
        {
            while (_indexFiles is [.., var last] && last.Header.EndPhysicalOffset >= from)
            {
                dropped.Add(last);
                _indexFiles.RemoveAt(_indexFiles.Count - 1);
            }

            if (dropped.Count > 0)
            {
                // Only the newest was not full.
                _current = null;
            }

            // Those that stay were full, and everything is on the disk.
            _indexedThrough = -1;
            _position = default;
            if (_indexFiles is [.., var kept])
            {
                _indexedThrough = kept.Header.EndPhysicalOffset;
                _position = new IndexPosition(long.Parse(kept.Name), kept == _current ? kept.ChainedCount : kept.Header.IndexCount);
            }

            _isRecovering = true;
        }

        foreach (IndexFile file in dropped)
        {
            file.Delete();
        }

        if (dropped.Count > 0)
        {
            _folder.Flush();
        }
    }

    /// <summary>Ends recovery: from here on, whoever puts does not wait for the disk.</summary>
    public void EndRecovery()
    {
        lock (_lock)
        {
            _isRecovering = false;
        }
    }

    /// <summary>
    /// Hands what was put to the kernel. It is chained when this <paramref name="makesDurable"/> what was put, as <see cref="Position"/> then says; and, with a flush, when it is much.
    /// </summary>
    public void Write(bool makesDurable)
    {
        lock (_writeLock)
        {
            LoadKeys();
            IndexFile[] filled;
            IndexFile? current;
            bool chains;
            lock (_lock)
            {
                filled = [.. _filled];
                current = _current;
                chains = makesDurable || current?.UnchainedCount >= ChainEntries;
            }

            foreach (IndexFile file in filled)
            {
                // It changes no more: chained it is durable for good. Until then a failure leaves it in the list, and the next call goes on with it.
                _writer.WriteChains(file);
                file.Flush();
                lock (_lock)
                {
                    file.Seal();
                    _filled.Remove(file);
                    _position = new IndexPosition(long.Parse(file.Name), file.Header.IndexCount);
                }
            }

            if (current is not null)
            {
                if (!chains)
                {
                    _writer.WriteEntries(current);
                }
                else
                {
                    _writer.WriteChains(current);
                    current.Flush();
                    lock (_lock)
                    {
                        _position = new IndexPosition(long.Parse(current.Name), current.ChainedCount);
                    }
                }
            }
        }
    }

    /// <summary>Sends what was written to the disk, so that the next flush finds little; the thread's that writes.</summary>
    public void WriteBack() => Current()?.WriteBack();

    /// <summary>
    /// Records by key, newest first. May wait for the disk, without holding up whoever dispatches. After <see cref="StoreOptions.IndexQuerySteps"/> entries of chains it
    /// gives up with what it has: a key of millions of messages must not keep a thread.
    /// </summary>
    public IndexQueryResult Query(string topic, string key, int maxNum, long begin, long end, CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _needsKeys))
        {
            lock (_writeLock)
            {
                LoadKeys();
            }
        }

        int keyHash = IndexKey.Hash(JavaHash.Compute(Encoding.UTF8.GetBytes($"{topic}#")), Encoding.UTF8.GetBytes(key));
        List<Chain> chains = FindFiles(begin, end, out long lastTimestamp, out long lastOffset);
        List<PhysicalOffset> found = [];
        int steps = _options.IndexQuerySteps;
        foreach (Chain chain in chains)
        {
            if (found.Count >= maxNum)
            {
                break;
            }

            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                chain.File.Select(keyHash, maxNum, begin, end, chain.Header, _lock, ref steps, found, cancellationToken);
            }
            catch (ObjectDisposedException)
            {
                // Deleted meanwhile: by retention, and its messages are gone as well; or by a cut, and the query is repeated.
                continue;
            }

            if (steps == 0)
            {
                LogChainTooLong(key, topic, _options.IndexQuerySteps, found.Count);
                break;
            }
        }

        return new IndexQueryResult(found, lastTimestamp, new PhysicalOffset(lastOffset));
    }

    /// <summary>Deletes files whose newest message is below the log; the newest file stays.</summary>
    public int ExpireBelow(long minPhysicalOffset)
    {
        List<IndexFile> expired = [];
        lock (_lock)
        {
            while (_indexFiles.Count > 1 && _indexFiles[0].Header.EndPhysicalOffset < minPhysicalOffset && !_filled.Contains(_indexFiles[0]))
            {
                expired.Add(_indexFiles[0]);
                _indexFiles.RemoveAt(0);
            }
        }

        foreach (IndexFile file in expired)
        {
            file.Delete();
        }

        return expired.Count;
    }

    public void Dispose()
    {
        lock (_lock)
        {
            foreach (IndexFile file in _indexFiles)
            {
                file.Dispose();
            }

            _indexFiles.Clear();
            _current = null;
        }
    }

    private void Put(int keyHash, long physicalOffset, long storeTimestamp)
    {
        IndexFile? current = _current;
        if (current is null || current.IsFull)
        {
            current = Roll(current);
        }

        current.Put(keyHash, physicalOffset, storeTimestamp);
        if (_isRecovering && current.PendingCount >= RecoveryEntries)
        {
            // Nobody else puts or writes yet.
            if (current.UnchainedCount < ChainEntries)
            {
                _writer.WriteEntries(current);
            }
            else
            {
                LoadKeys();
                _writer.WriteChains(current);
            }
        }
    }

    private IndexFile? Current()
    {
        lock (_lock)
        {
            return _current;
        }
    }

    /// <summary>The next file, in memory: the maintenance creates it when it writes.</summary>
    private IndexFile Roll(IndexFile? full)
    {
        if (full is not null)
        {
            _filled.Add(full);
        }

        _current = _folder.Create(_indexFiles is [.., var newest] ? newest : null);
        _indexFiles.Add(_current);
        return _current;
    }

    /// <summary>Under the write lock, or in recovery: reads the keys from before the start that may be in no chain. Others are put meanwhile.</summary>
    private void LoadKeys()
    {
        IndexFile? file;
        lock (_lock)
        {
            file = _needsKeys ? _indexFiles.Find(static file => file.NeedsKeys) : null;
        }

        int[]? keys = file?.ReadKeys();
        lock (_lock)
        {
            if (keys is not null)
            {
                file!.AddKeys(keys);
            }

            _needsKeys = false;
        }
    }

    /// <summary>Returns the number of entries of the newest file that are in its chains.</summary>
    private static int EntriesInSlots(IndexFile newest, IndexPosition? known)
    {
        if (known is not { } position)
        {
            return newest.Header.IndexCount;
        }

        // One that is newer than what the checkpoint knows was made between it and the kill.
        long name = long.Parse(newest.Name);
        return name == position.Name ? Math.Clamp(position.Entries, 1, newest.Header.IndexCount) : name < position.Name ? newest.Header.IndexCount : 1;
    }

    /// <summary>The message up to which recovery finds the keys put already; −1 without one.</summary>
    private long FindIndexedThrough()
    {
        for (int i = _indexFiles.Count - 1; i >= 0; i--)
        {
            IndexFile file = _indexFiles[i];
            if (file.Header.IndexCount > 1)
            {
                // Of the last message of a full file further keys may have been on their way to the next.
                return file.IsFull ? file.Header.EndPhysicalOffset - 1 : file.Header.EndPhysicalOffset;
            }
        }

        return -1;
    }

    /// <summary>The files that have keys of that time, newest first.</summary>
    private List<Chain> FindFiles(long begin, long end, out long lastTimestamp, out long lastOffset)
    {
        List<Chain> chains = [];
        lastTimestamp = 0;
        lastOffset = 0;
        lock (_lock)
        {
            for (int i = _indexFiles.Count - 1; i >= 0; i--)
            {
                IndexFile file = _indexFiles[i];
                IndexHeader header = file.Header;
                if (i == _indexFiles.Count - 1)
                {
                    lastTimestamp = header.EndTimestamp;
                    lastOffset = header.EndPhysicalOffset;
                }

                if (begin <= header.EndTimestamp && end >= header.BeginTimestamp)
                {
                    chains.Add(new Chain(file, header));
                }

                if (header.BeginTimestamp < begin)
                {
                    break;
                }
            }
        }

        return chains;
    }

    [LoggerMessage(EventId = 2203, Level = LogLevel.Warning, Message = "The query for key {Key} of {Topic} was ended after {Steps} index entries with {Found} messages: the key has too many messages for it, a narrower time or a smaller number helps")]
    private partial void LogChainTooLong(string key, string topic, int steps, int found);

    /// <summary>A look-up in one file.</summary>
    private sealed record Chain(IndexFile File, IndexHeader Header);
}
