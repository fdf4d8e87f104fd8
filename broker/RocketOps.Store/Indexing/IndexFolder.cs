using System.Globalization;
using Microsoft.Extensions.Logging;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;

namespace RocketOps.Store.Indexing;

/// <summary>The folder of the index: its files at a start, named by the local time of their creation.</summary>
internal sealed partial class IndexFolder(StoreOptions options, IStoreFileSystem files, TimeProvider time, ILogger logger)
{
    private readonly ILogger _logger = logger;
    private readonly string _path = PathOf(options);

    /// <summary>Opens the files there are, oldest first; those that cannot be trusted are deleted.</summary>
    /// <param name="deleteAfter">Files that end later than this store time are deleted; null keeps all.</param>
    /// <param name="readFrom">From there on the log is read, and its messages are indexed again.</param>
    /// <param name="logEnd">End of the log's last file: a file that claims keys of later messages is damaged, or another log's.</param>
    /// <param name="opened">Takes them one by one, so that the caller disposes of them also when one cannot be opened.</param>
    public void Open(long? deleteAfter, long readFrom, long logEnd, List<IndexFile> opened)
    {
        foreach (string name in List(files, _path))
        {
            IndexFile? file = IndexFile.Open(files, PathOf(name), options.IndexSlots, options.IndexEntries);
            bool isBeyondLog = file is not null && file.Header.EndPhysicalOffset >= logEnd && file.Header.IndexCount > 1;
            if (file is null || isBeyondLog || (deleteAfter is { } limit && file.Header.EndTimestamp > limit))
            {
                if (isBeyondLog)
                {
                    LogBeyondLog(name, file!.Header.EndPhysicalOffset, logEnd);
                }
                else if (file is not null && file.Header.BeginPhysicalOffset < readFrom)
                {
                    LogKeysGone(name, file.Header.BeginPhysicalOffset, readFrom);
                }
                else
                {
                    LogDeleted(name);
                }

                file?.Dispose();
                files.DeleteFile(PathOf(name));
                continue;
            }

            opened.Add(file);
        }
    }

    /// <summary>The next file, in memory; it must come behind the newest one.</summary>
    public IndexFile Create(IndexFile? newest)
    {
        // Java names a file by the local time of its creation; two within a millisecond (tiny test files) take the next free one.
        DateTimeOffset now = time.GetLocalNow();
        string name;
        do
        {
            name = now.ToString("yyyyMMddHHmmssfff");
            now = now.AddMilliseconds(1);
        }
        while (newest is not null && string.CompareOrdinal(name, newest.Name) <= 0);

        return IndexFile.Create(files, PathOf(name), options.IndexSlots, options.IndexEntries, newest?.Header);
    }

    /// <summary>Makes the deletion of files durable.</summary>
    public void Flush() => files.FlushDirectory(_path);

    /// <summary>Returns the directory of the files.</summary>
    public static string PathOf(StoreOptions options) => Path.Combine(options.RootDirectory, "index");

    /// <summary>Names of the files there are, the oldest first.</summary>
    public static IReadOnlyList<string> List(IStoreFileSystem files, string directory)
    {
        List<string> names = [];
        foreach (FileEntry entry in files.List(directory))
        {
            if (!entry.IsDirectory && long.TryParse(entry.Name, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            {
                names.Add(entry.Name);
            }
        }

        names.Sort(StringComparer.Ordinal);
        return names;
    }

    /// <summary>
    /// Throws <see cref="StoreException"/> when a file has another length than those that are written now: its slots and entries lie elsewhere, and who went on with it would spoil it. Before anything
    /// is cut, deleted or opened. Files too short for a header are left to <see cref="Open"/>: the process died before it had set their length.
    /// </summary>
    public static void CheckLengths(IStoreFileSystem files, StoreOptions options)
    {
        string directory = PathOf(options);
        int expected = IndexLayout.FileBytes(options.IndexSlots, options.IndexEntries);
        foreach (string name in List(files, directory))
        {
            string path = Path.Combine(directory, name);
            using IStoreFile file = files.Open(path, FileOpenMode.Read);
            if (file.Length >= IndexLayout.HeaderBytes && file.Length != expected)
            {
                throw new StoreException($"Index file {path} has {file.Length} bytes instead of {expected}: was the store written with another maxHashSlotNum or maxIndexNum, or copied in part?");
            }
        }
    }

    /// <summary>
    /// Deletes the files that hold keys of messages at or behind an offset, as <see cref="MessageIndex.RebuildStart"/> has told it; before
    /// <see cref="Open"/>. Returns the store time of the newest message in those that stay, the newest of them, with all of its entries,
    /// and the first message of those that went: <see cref="long.MaxValue"/> when none did, 0 when one did that does not say.
    /// </summary>
    public static (long EndTimestamp, IndexPosition Newest, long Begin) DropFrom(IStoreFileSystem files, StoreOptions options,
        long physicalOffset)
    {
        string directory = PathOf(options);
        long endTimestamp = 0;
        IndexPosition newest = default;
        long begin = long.MaxValue;
        bool dropped = false;
        foreach (string name in List(files, directory))
        {
            string path = Path.Combine(directory, name);
            using IndexFile? file = IndexFile.Open(files, path, options.IndexSlots, options.IndexEntries);
            if (file is not null && file.Header.EndPhysicalOffset < physicalOffset)
            {
                endTimestamp = Math.Max(endTimestamp, file.Header.EndTimestamp);
                newest = new IndexPosition(long.Parse(name), file.Header.IndexCount);
                continue;
            }

            begin = Math.Min(begin, file?.Header.BeginPhysicalOffset ?? 0);
            files.DeleteFile(path);
            dropped = true;
        }

        if (dropped)
        {
            files.FlushDirectory(directory);
        }

        return (endTimestamp, newest, begin);
    }

    private string PathOf(string name) => Path.Combine(_path, name);

    [LoggerMessage(EventId = 2201, Level = LogLevel.Warning, Message = "Index file {Name} was not completed before the unclean stop and is deleted; its keys are indexed again from the log")]
    private partial void LogDeleted(string name);

    [LoggerMessage(EventId = 2206, Level = LogLevel.Warning, Message = "Index file {Name} was not completed before the unclean stop and is deleted, as nobody knows what of it is on the disk. Messages from {ReadFrom} on, where the log is read again, are indexed again; the keys it had of those from {Begin} to there are not found any more. To have them again stop the broker, delete index/ and checkpoint of the store, create an empty file abort there, and start it: it reads all of the log then")]
    private partial void LogKeysGone(string name, long begin, long readFrom);

    [LoggerMessage(EventId = 2202, Level = LogLevel.Error, Message = "Index file {Name} claims keys of messages up to {EndPhysicalOffset}, but the log ends before {LogEnd}: it is deleted")]
    private partial void LogBeyondLog(string name, long endPhysicalOffset, long logEnd);
}

/// <summary>Position up to which the index is on the disk.</summary>
/// <param name="Name">Name of its newest file, as a number; 0 when it has none. Older ones are on the disk as a whole.</param>
/// <param name="Entries">That file's entries before this number are on the disk, and its slots there know them.</param>
internal readonly record struct IndexPosition(long Name, int Entries);

/// <summary>Extent of the index in the kernel.</summary>
/// <param name="Name">Name of its newest file with entries, as a number; 0 without one.</param>
/// <param name="Entries">That file's entries before this number were written.</param>
/// <param name="UsedSlots">Slots of it that its header counts; 0 when that is not known.</param>
internal readonly record struct IndexExtent(long Name, int Entries, int UsedSlots);
