using System.Globalization;
using System.Numerics;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Files;
using RocketOps.Store.Indexing;

namespace RocketOps.Store;

/// <summary>
/// Lengths of a store's files, fixed for its life. RocketMQ's are made for large disks: retention removes whole files, so that a volume must hold several. A smaller
/// volume gets smaller ones, all in the same proportion.
/// </summary>
/// <param name="CommitLogFileBytes"><c>mappedFileSizeCommitLog</c>, a power of two. No message may be larger.</param>
/// <param name="ConsumeQueueFileBytes"><c>mappedFileSizeConsumeQueue</c>, a multiple of 20.</param>
/// <param name="BatchConsumeQueueFileBytes"><c>mapperFileSizeBatchConsumeQueue</c>, a multiple of 46.</param>
/// <param name="IndexSlots"><c>maxHashSlotNum</c>.</param>
/// <param name="IndexEntries"><c>maxIndexNum</c>.</param>
public sealed record StoreLayout(int CommitLogFileBytes, int ConsumeQueueFileBytes, int BatchConsumeQueueFileBytes, int IndexSlots, int IndexEntries)
{
    /// <summary>Log files a volume holds at least, about.</summary>
    private const int FilesPerVolume = 8;

    private const int SmallestFileBytes = 4096;
    private const int UnitBytes = ConsumeQueueUnit.Size;

    /// <summary>RocketMQ's defaults, and what a volume of 8 GiB or more gets.</summary>
    public static readonly StoreLayout Default = new(1024 * 1024 * 1024, 300_000 * UnitBytes, 300_000 * BatchUnit.Size, 5_000_000, 20_000_000);

    /// <summary>Returns the layout of a new store on a volume of that many bytes.</summary>
    public static StoreLayout ForVolume(long bytes)
    {
        long share = Math.Clamp(bytes / FilesPerVolume, SmallestFileBytes, Default.CommitLogFileBytes);
        return InProportion((int)BitOperations.RoundUpToPowerOf2((ulong)(share / 2) + 1));
    }

    /// <summary>
    /// Finds the layout of the store in these directories; where there is none, the layout for the volume that holds them or will. A store
    /// whose log files have a length neither RocketMQ nor <see cref="ForVolume"/> chooses is taken for one with RocketMQ's, which then
    /// refuses to open: it may be the half of a copy.
    /// </summary>
    /// <param name="files">The disk.</param>
    /// <param name="rootDirectory">The store's directory.</param>
    /// <param name="commitLogDirectory">That of its log.</param>
    /// <param name="volumeBytes">What the volume has; 0 asks the file system.</param>
    /// <exception cref="StoreIOException">The disk cannot be asked.</exception>
    public static StoreLayout Find(IStoreFileSystem files, string rootDirectory, string commitLogDirectory, long volumeBytes)
    {
        ArgumentNullException.ThrowIfNull(files);
        string? log = files.List(commitLogDirectory)
            .Where(static entry => !entry.IsDirectory && entry.Name.Length == 20 && long.TryParse(entry.Name, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            .Select(static entry => entry.Name)
            .Order(StringComparer.Ordinal)
            .FirstOrDefault();
        long length = log is null ? 0 : LengthOf(files, Path.Combine(commitLogDirectory, log));
        if (length == 0)
        {
            // Also a file that was created and nothing more.
            return ForVolume(volumeBytes > 0 ? volumeBytes : files.GetDiskSpace(Existing(files, commitLogDirectory)).TotalBytes);
        }

        if (length > Default.CommitLogFileBytes || length < SmallestFileBytes || !BitOperations.IsPow2(length))
        {
            return Default;
        }

        // A store of RocketMQ's may have log files of its own length beside queues and index of the usual.
        StoreLayout layout = InProportion((int)length);
        bool hasDefaultQueues = QueueFileLengths(files, Path.Combine(rootDirectory, "consumequeue")).FirstOrDefault() == Default.ConsumeQueueFileBytes;
        if (hasDefaultQueues)
        {
            layout = layout with { ConsumeQueueFileBytes = Default.ConsumeQueueFileBytes };
        }

        long batchLength = QueueFileLengths(files, Path.Combine(rootDirectory, "batchconsumequeue")).FirstOrDefault();
        if (batchLength == Default.BatchConsumeQueueFileBytes || (batchLength == 0 && hasDefaultQueues))
        {
            layout = layout with { BatchConsumeQueueFileBytes = Default.BatchConsumeQueueFileBytes };
        }

        return FileLengths(files, Path.Combine(rootDirectory, "index")).FirstOrDefault() == IndexLayout.FileBytes(Default.IndexSlots, Default.IndexEntries)
            ? layout with { IndexSlots = Default.IndexSlots, IndexEntries = Default.IndexEntries }
            : layout;
    }

    private static StoreLayout InProportion(int commitLogFileBytes)
    {
        int part = Default.CommitLogFileBytes / commitLogFileBytes;

        // A queue's file is a block of the disk at least.
        int units = Math.Max(Default.ConsumeQueueFileBytes / part / UnitBytes, 4096 / UnitBytes);
        return new StoreLayout(commitLogFileBytes, units * UnitBytes, units * BatchUnit.Size, Math.Max(1, Default.IndexSlots / part), Math.Max(2, Default.IndexEntries / part));
    }

    private static IEnumerable<long> QueueFileLengths(IStoreFileSystem files, string directory) =>
        from topic in Directories(files, directory)
        from queue in Directories(files, topic)
        from length in FileLengths(files, queue)
        select length;

    private static IEnumerable<long> FileLengths(IStoreFileSystem files, string directory) =>
        files.List(directory).Where(static entry => !entry.IsDirectory).Select(entry => LengthOf(files, Path.Combine(directory, entry.Name))).Where(static length => length > 0);

    private static IEnumerable<string> Directories(IStoreFileSystem files, string directory) =>
        files.List(directory).Where(static entry => entry.IsDirectory).Select(entry => Path.Combine(directory, entry.Name));

    private static long LengthOf(IStoreFileSystem files, string path)
    {
        using IStoreFile file = files.Open(path, FileOpenMode.Read);
        return file.Length;
    }

    private static string Existing(IStoreFileSystem files, string directory)
    {
        string at = Path.GetFullPath(directory);
        while (!files.DirectoryExists(at) && Path.GetDirectoryName(at) is { } parent)
        {
            at = parent;
        }

        return at;
    }
}
