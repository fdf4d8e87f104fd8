using System.Buffers;
using System.Security.Cryptography;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;
using RocketOps.Store.Indexing;
using RocketOps.Store.Log;

namespace RocketOps.Store.Inventory;

/// <summary>
/// The file <c>inventory</c> of a store: what a start compares the folders with that it finds. Each maintenance pass adds what it has
/// handed over of queues; a deletion of a topic is noted before its files go; a new log file is noted by its first record. The file is
/// written anew, shorter, when it has grown. Layout: <see cref="InventoryCodec"/>.
/// <para>
/// Opened by recovery, then used under the pass lock. A file that is lost or does not fit the checkpoint costs a start that reads the whole
/// log.
/// </para>
/// </summary>
internal sealed class StoreInventory : IDisposable
{
    /// <summary>The file may grow to twice what it was when it was last written anew, and by this.</summary>
    private const long RoomBytes = 1024 * 1024;

    /// <summary>Largest file that is read: some ten million queues. A larger one is another program's.</summary>
    private const long MostBytes = 1024 * 1024 * 1024;

    /// <summary>Memory for a pass that is kept for the next one.</summary>
    private const int MostKeptBytes = 256 * 1024;

    private readonly StoreOptions _options;
    private readonly IStoreFileSystem _files;
    private readonly LogSegments _segments;
    private ArrayBufferWriter<byte> _pass = new();
    private IStoreFile? _file;
    private long _end;
    private long _compactEnd;
    private long _lastLogFile = -1;
    private long _lastInPass = -1;

    public StoreInventory(StoreOptions options, IStoreFileSystem files, LogSegments segments)
    {
        _options = options;
        _files = files;
        _segments = segments;
    }

    /// <summary>Identity of the file, for the checkpoint.</summary>
    public long Id { get; private set; }

    /// <summary>
    /// The file told, at this start, what queues the store had. False where it was lost, or where the broker was killed: perhaps in a start
    /// that had just made queues again from the log, and had not removed those of deleted topics.
    /// </summary>
    private bool TellsQueues { get; set; }

    private string FilePath => PathIn(_options.RootDirectory);

    /// <summary>Path of the file in a store.</summary>
    public static string PathIn(string rootDirectory) => Path.Combine(rootDirectory, "inventory");

    /// <summary>
    /// Reads the file. Queues are taken from passes up to <paramref name="upTo"/>, and from the first one wherever it is: what that says
    /// had been made durable before it was written.
    /// </summary>
    public static InventoryContent Read(IStoreFileSystem files, string rootDirectory, long upTo) => Read(files, rootDirectory, upTo, out _);

    /// <summary>
    /// Opens the file for adding to it; where there is none, or none that fits these options, makes an empty one. Throws <see
    /// cref="StoreException"/> when queues have files of another length.
    /// </summary>
    /// <param name="known">What it says.</param>
    /// <param name="id">Identity that the checkpoint knows; 0 when it knows none.</param>
    /// <param name="isClean">The store was stopped, not killed: a start that made queues again from the log had ended.</param>
    public void Open(InventoryContent known, long id, bool isClean)
    {
        CheckLength(known, isBatch: false, known.QueueFileBytes, _options.ConsumeQueueFileBytes, "mappedFileSizeConsumeQueue");
        CheckLength(known, isBatch: true, known.BatchQueueFileBytes, _options.BatchConsumeQueueFileBytes,
            "mapperFileSizeBatchConsumeQueue");
        TellsQueues = isClean && known.Id != 0 && known.RebuildFrom < 0 && !known.HasForgottenDeletions;
        _ = Read(_files, _options.RootDirectory, long.MaxValue, out long end);
        if (known.Id != 0 && known.QueueFileBytes == _options.ConsumeQueueFileBytes
            && known.BatchQueueFileBytes == _options.BatchConsumeQueueFileBytes)
        {
            Id = known.Id;
            _file = _files.Open(FilePath, FileOpenMode.ReadWrite);

            // What a crash has left behind the last whole pass: a pass of the same length in its place would let what follows count.
            _file.SetLength(end);
            _end = end;
            _compactEnd = end / 2;
            _lastLogFile = LastLogFile(known);
        }
        else
        {
            WriteAnew(NewContent(known.Id != 0 ? known.Id : id), -1);
        }
    }

    /// <summary>
    /// Begins a pass: queues that are added are on the way to the disk, as far as everything before <paramref name="offset"/> of the log.
    /// </summary>
    public void BeginPass(long offset)
    {
        _pass.ResetWrittenCount();
        InventoryCodec.BeginPass(_pass, offset, _segments.MinOffset);
        _lastInPass = _lastLogFile;
        foreach (LogSegment segment in _segments.All)
        {
            if (segment.BaseOffset > _lastLogFile && segment.BaseOffset < offset
                && RecordMarks.Of(_segments, segment.BaseOffset) is not 0 and var mark)
            {
                InventoryCodec.WriteLogFile(_pass, segment.BaseOffset, mark);
                _lastInPass = segment.BaseOffset;
            }
        }
    }

    public void Add(ConsumeQueue queue) => InventoryCodec.WriteQueue(_pass, queue.Name, queue.Place);

    /// <summary>Hands the pass to the kernel. <paramref name="index"/>: what the kernel has of the index.</summary>
    public void EndPass(IndexExtent index)
    {
        InventoryCodec.WriteIndex(_pass, index);
        Append(InventoryCodec.EndPass(_pass));
        _lastLogFile = _lastInPass;
        if (_pass.Capacity > MostKeptBytes)
        {
            // One of a hundred thousand queues, which rarely come at once.
            _pass = new ArrayBufferWriter<byte>();
        }
    }

    /// <summary>Makes all passes durable, and writes the file anew where it has grown. Queues of all passes are durable.</summary>
    public void MakeDurable()
    {
        if (_end > (2 * _compactEnd) + RoomBytes)
        {
            InventoryContent content = Read(_files, _options.RootDirectory, long.MaxValue, out _);
            content.Expire(_segments.MinOffset);
            WriteAnew(content, content.Offset);
        }
        else
        {
            _file!.FlushData();
        }
    }

    /// <summary>
    /// Notes that a topic is about to be removed: its records before an offset of the log are of no topic any more. Durable when it
    /// returns.
    /// </summary>
    public void NoteDeletion(string topic, in TopicDeletionNote note)
    {
        _pass.ResetWrittenCount();
        InventoryCodec.BeginPass(_pass, -1, _segments.MinOffset);
        InventoryCodec.WriteDeletion(_pass, topic, note);
        Append(InventoryCodec.EndPass(_pass));
        _file!.FlushData();
    }

    /// <summary>
    /// Notes that queues are about to be made again from the log: a start that is broken off leaves some of them incomplete. Durable when
    /// it returns.
    /// </summary>
    public void NoteRebuild(long from)
    {
        _pass.ResetWrittenCount();
        InventoryCodec.BeginPass(_pass, -1, _segments.MinOffset);
        InventoryCodec.WriteRebuild(_pass, from);
        Append(InventoryCodec.EndPass(_pass));
        _file!.FlushData();
    }

    /// <summary>
    /// Writes the file anew after the log and all queues were cut, or found to be others than it says. Durable when it returns.
    /// </summary>
    /// <param name="cutAt">Offset, in the log, behind which everything was cut off; the end of the log when nothing was.</param>
    /// <param name="last">A record before it.</param>
    /// <param name="offset">Everything before it is dispatched.</param>
    /// <param name="index">What the kernel has of the index.</param>
    /// <param name="queues">All queues of the store, on the disk as they are.</param>
    public void Replace(long cutAt, in LogAnchor last, long offset, IndexExtent index,
        IEnumerable<(QueueName Name, QueuePlace Place)> queues)
    {
        InventoryContent content = Read(_files, _options.RootDirectory, long.MaxValue, out _);
        content.Expire(_segments.MinOffset);
        content.KeepDeletionsOf(_segments);
        content.CutLog(cutAt, last);
        content.ForgetQueues();
        content.Index = index;
        foreach ((QueueName name, QueuePlace place) in queues)
        {
            content.NoteQueue(name, place);
        }

        WriteAnew(content, offset);
    }

    /// <summary>
    /// Reads the names of the topics that have queues by this file and were not deleted since. None where the file did not tell at this
    /// start: what it says now was found on the disk, and the log, which knows of no deletion.
    /// </summary>
    public IReadOnlySet<string> ReadTopics() => !TellsQueues ? new HashSet<string>(StringComparer.Ordinal)
        : Read(_files, _options.RootDirectory, long.MaxValue).Queues.Keys.Select(static name => name.Topic)
            .ToHashSet(StringComparer.Ordinal);

    /// <summary>
    /// Reads the deletions that were made in this log, by topic, each with the offset of the log that the topic's messages lie before.
    /// </summary>
    public IReadOnlyDictionary<string, long> ReadDeletions() =>
        Read(_files, _options.RootDirectory, long.MaxValue).Deletions.Where(deletion => deletion.Value.IsOf(_segments))
            .ToDictionary(static deletion => deletion.Key, static deletion => deletion.Value.Offset, StringComparer.Ordinal);

    public void Dispose() => _file?.Dispose();

    private static InventoryContent Read(IStoreFileSystem files, string rootDirectory, long upTo, out long end)
    {
        end = 0;
        string path = PathIn(rootDirectory);
        if (!files.FileExists(path))
        {
            return new InventoryContent();
        }

        byte[] bytes = ReadBytes(files, path);
        if (InventoryCodec.ReadHead(bytes) is not { } content)
        {
            return new InventoryContent();
        }

        bool isFirst = true;
        end = InventoryCodec.HeadBytes;
        while (InventoryCodec.PassLength(bytes.AsSpan((int)end)) is > 0 and var length)
        {
            ReadOnlySpan<byte> pass = bytes.AsSpan((int)end, length);
            if (!InventoryCodec.TryTake(pass, content, takesQueues: isFirst || InventoryCodec.OffsetOf(pass) <= upTo))
            {
                break;
            }

            isFirst = false;
            end += length;
        }

        return content;
    }

    private static byte[] ReadBytes(IStoreFileSystem files, string path)
    {
        using IStoreFile file = files.Open(path, FileOpenMode.Read);
        byte[] bytes = new byte[Math.Min(file.Length, MostBytes)];
        int length = file.Read(bytes, 0);
        return length == bytes.Length ? bytes : bytes[..length];
    }

    private void CheckLength(InventoryContent known, bool isBatch, int length, int configured, string key)
    {
        // Where all files are gone they are made again, and may get another length.
        if (known.Id != 0 && length != configured && known.Queues.Keys.Any(name => name.IsBatch == isBatch) && HasQueueFiles(isBatch))
        {
            throw new StoreException($"Files of consume queues have {length} bytes, but {key} is {configured}: it cannot be changed. Set "
                + $"{key}={length}.");
        }
    }

    private bool HasQueueFiles(bool isBatch)
    {
        string directory = Path.Combine(_options.RootDirectory, isBatch ? "batchconsumequeue" : "consumequeue");
        return (
            from topic in _files.List(directory)
            where topic.IsDirectory
            from queue in _files.List(Path.Combine(directory, topic.Name))
            where queue.IsDirectory
            from file in _files.List(Path.Combine(directory, topic.Name, queue.Name))
            select file).Any();
    }

    private InventoryContent NewContent(long id) => new()
    {
        Id = id != 0 ? id : BitConverter.ToInt64(RandomNumberGenerator.GetBytes(sizeof(long))) | 1,
        QueueFileBytes = _options.ConsumeQueueFileBytes,
        BatchQueueFileBytes = _options.BatchConsumeQueueFileBytes,
    };

    private void Append(ReadOnlySpan<byte> pass)
    {
        _file!.Write(pass, _end);
        _end += pass.Length;
    }

    private static long LastLogFile(InventoryContent content) => content.LogFiles.Count == 0 ? -1 : content.LogFiles.Keys.Max();

    private void WriteAnew(InventoryContent content, long offset)
    {
        ArrayBufferWriter<byte> pass = new();
        InventoryCodec.BeginPass(pass, offset, _segments.MinOffset);
        foreach ((string topic, TopicDeletionNote deletion) in content.Deletions)
        {
            InventoryCodec.WriteDeletion(pass, topic, deletion);
        }

        foreach ((long baseOffset, ulong mark) in content.LogFiles)
        {
            InventoryCodec.WriteLogFile(pass, baseOffset, mark);
        }

        foreach ((QueueName name, QueuePlace place) in content.Queues)
        {
            InventoryCodec.WriteQueue(pass, name, place);
        }

        InventoryCodec.WriteIndex(pass, content.Index);
        ArrayBufferWriter<byte> head = new(InventoryCodec.HeadBytes);
        InventoryCodec.WriteHead(head, content);
        string temporary = $"{FilePath}.tmp";
        using (IStoreFile file = _files.Open(temporary, FileOpenMode.Truncate))
        {
            file.Write(head.WrittenSpan, 0);
            file.Write(InventoryCodec.EndPass(pass), head.WrittenCount);
            file.FlushData();
        }

        // Where that fails the file that is there goes on.
        _files.Rename(temporary, FilePath);
        _files.FlushDirectory(_options.RootDirectory);
        IStoreFile written = _files.Open(FilePath, FileOpenMode.ReadWrite);
        _file?.Dispose();
        _file = written;
        _end = head.WrittenCount + pass.WrittenCount;
        _compactEnd = _end;
        _lastLogFile = LastLogFile(content);
        Id = content.Id;
    }
}
