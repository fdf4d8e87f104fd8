using System.Text;
using Microsoft.Extensions.Logging;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;
using RocketOps.Store.Log;
using RocketOps.Store.State;

namespace RocketOps.Store;

/// <summary>
/// Directory of a store: its folders, the locks that keep other processes out, and the abort file, which a clean stop removes.
/// </summary>
internal sealed class StoreDirectory(StoreOptions options, IStoreFileSystem files, StoreState state, ILogger logger) : IDisposable
{
    private readonly FolderLocks _folders = new(files, logger);
    private IDisposable? _lock;

    /// <summary>Extensions of queues.</summary>
    public string Extensions => Path.Combine(options.RootDirectory, "consumequeue_ext");

    /// <summary>True when the last stop was clean, or there was none.</summary>
    public bool IsClean => !files.FileExists(AbortPath);

    private string Queues => Path.Combine(options.RootDirectory, "consumequeue");

    private string BatchQueues => Path.Combine(options.RootDirectory, "batchconsumequeue");

    private IEnumerable<StoreFolder> Folders =>
    [
        new StoreFolder(options.RootDirectory, "storePathRootDir"),
        new StoreFolder(options.CommitLogPath, options.CommitLogDirectory is null ? "below storePathRootDir" : "storePathCommitLog"),
        .. new[] { Queues, BatchQueues, Extensions, Path.Combine(options.RootDirectory, "index"),
            Path.Combine(options.RootDirectory, "timerlog") }
            .Select(static folder => new StoreFolder(folder, "below storePathRootDir")),
    ];

    private string LockPath => Path.Combine(options.RootDirectory, "lock");

    private string AbortPath => Path.Combine(options.RootDirectory, "abort");

    /// <summary>Describes what the queues in it have in common.</summary>
    public QueueEnvironment DescribeQueues(OpenQueueFiles openFiles, LogSegments segments, ILogger logger) =>
        new(files, Queues, options.ConsumeQueueFileBytes, openFiles, () => segments.MinOffset, () => segments.EndOffset, logger)
        {
            Batch = new QueueEnvironment(
                files,
                BatchQueues,
                options.BatchConsumeQueueFileBytes,
                openFiles,
                () => segments.MinOffset,
                () => segments.EndOffset,
                logger,
                BatchUnit.Size,
                "mapperFileSizeBatchConsumeQueue"),
            WritesExt = options.ConsumeQueueExtEnabled,
            Ext = options.ConsumeQueueExtEnabled || files.DirectoryExists(Extensions) ? DescribeExtensions(openFiles, logger) : null,
        };

    /// <summary>
    /// Makes the folders that are missing, and locks each. Throws <see cref="StoreException"/> when another process has one of them.
    /// </summary>
    public void Lock()
    {
        files.CreateDirectory(options.RootDirectory);

        // Java's brokers know this lock alone.
        _lock = files.TryLock(LockPath)
            ?? throw new StoreException($"{options.RootDirectory} (storePathRootDir) is in use: another broker holds {LockPath}. Give "
                + $"each broker folders of its own, or stop the other one.");
        files.CreateDirectory(options.CommitLogPath);
        files.CreateDirectory(Queues);
        if (options.ConsumeQueueExtEnabled)
        {
            files.CreateDirectory(Extensions);
        }

        LockFolders();
    }

    /// <summary>Locks the folders that have come since. Those that come later are new ones in a root that is locked.</summary>
    public void LockFolders() => _folders.Take(Folders);

    /// <summary>Writes into the lock file what RocketMQ does.</summary>
    public void WriteLock()
    {
        using IStoreFile file = files.Open(LockPath, FileOpenMode.OpenOrCreate);
        try
        {
            file.Write("lock"u8, 0);
        }
        catch (StoreIOException e) when (e.MayBeRetried)
        {
            // The lock is on the file, and no broker reads what is in it.
            state.SetDiskFull(DiskShortage.NoRoomForQueues, e.Message);
        }
    }

    /// <summary>Java 5 writes its process id into it, 4.9 nothing; both only ask whether it is there.</summary>
    public void WriteAbort()
    {
        using (IStoreFile abort = files.Open(AbortPath, FileOpenMode.Truncate))
        {
            try
            {
                abort.Write(Encoding.ASCII.GetBytes(Environment.ProcessId.ToString()), 0);
            }
            catch (StoreIOException e) when (e.MayBeRetried)
            {
                // On a disk without a free block the broker starts all the same: consumers read, and what they have read may go. The name
                // alone says what it must.
                state.SetDiskFull(DiskShortage.NoRoomForQueues, e.Message);
            }

            abort.FlushData();
        }

        files.FlushDirectory(options.RootDirectory);
    }

    public void RemoveAbort()
    {
        files.DeleteFile(AbortPath);
        files.FlushDirectory(options.RootDirectory);
    }

    public void Dispose()
    {
        _folders.Dispose();
        _lock?.Dispose();
    }

    private QueueEnvironment DescribeExtensions(OpenQueueFiles openFiles, ILogger logger) =>
        new(
            files,
            Extensions,
            options.ConsumeQueueExtFileBytes,
            openFiles,
            static () => 0,
            static () => 0,
            logger,
            UnitBytes: 1,
            SizeKey: "mappedFileSizeConsumeQueueExt")
        {
            WritesExt = options.ConsumeQueueExtEnabled,
        };
}
