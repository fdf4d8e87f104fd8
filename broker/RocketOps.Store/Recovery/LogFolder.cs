using System.Globalization;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;
using RocketOps.Store.Inventory;
using RocketOps.Store.Log;

namespace RocketOps.Store.Recovery;

/// <summary>The folder of the commit log at a start: its files, and whether it is the one that belongs to the rest of the store.</summary>
internal sealed class LogFolder
{
    private readonly StoreOptions _options;
    private readonly IStoreFileSystem _files;
    private readonly LogSegments _segments;

    public LogFolder(StoreOptions options, IStoreFileSystem files, LogSegments segments)
    {
        _options = options;
        _files = files;
        _segments = segments;
    }

    /// <summary>Opens the files there are. Throws <see cref="StoreException"/> when they cannot be a log of these settings.</summary>
    public void Load()
    {
        List<(string Path, long Offset)> found = [];
        foreach (FileEntry entry in _files.List(_options.CommitLogPath))
        {
            if (!entry.IsDirectory && entry.Name.Length == 20
                && long.TryParse(entry.Name, NumberStyles.None, CultureInfo.InvariantCulture, out long offset))
            {
                found.Add((Path.Combine(_options.CommitLogPath, entry.Name), offset));
            }
        }

        found.Sort((left, right) => left.Offset.CompareTo(right.Offset));
        for (int i = 0; i < found.Count; i++)
        {
            LoadSegment(found[i].Path, found[i].Offset, isLast: i == found.Count - 1);
        }
    }

    private void LoadSegment(string path, long offset, bool isLast)
    {
        int fileBytes = _segments.FileBytes;
        IStoreFile file = _files.Open(path, FileOpenMode.ReadWrite);
        long length = file.Length;
        if (length != fileBytes)
        {
            if (!isLast || length != 0)
            {
                file.Dispose();
                throw new StoreException($"Commit-log file {path} has {length} bytes instead of {fileBytes}: was the store written with "
                    + $"another mappedFileSizeCommitLog, or copied in part?");
            }

            // The process died between creating the file and setting its length.
            file.SetLength(fileBytes);
        }

        if (offset % fileBytes != 0)
        {
            file.Dispose();
            throw new StoreException($"Commit-log file {path} does not begin at a multiple of {fileBytes} bytes.");
        }

        if (_segments.All.Count > 0 && offset != _segments.EndOffset)
        {
            file.Dispose();
            throw new StoreException($"The commit log misses the file {LogSegments.FileName(_segments.EndOffset)}: {path} does not "
                + $"follow {_segments.All[^1].File.Path}.");
        }

        _segments.Add(new LogSegment(offset, file));
    }

    /// <summary>
    /// Throws <see cref="StoreException"/> when the rest of the store speaks of a log and there is none: its disk is not mounted, or the
    /// configuration names another folder. A broker that began a new log there would number messages from 0 again.
    /// </summary>
    public void CheckThatItIsThere(InventoryContent known)
    {
        if (_segments.All.Count > 0)
        {
            return;
        }

        string? trace = FolderWithQueues() ?? (known.LogFiles.Count > 0 ? StoreInventory.PathIn(_options.RootDirectory) : null);
        if (trace is not null)
        {
            throw new StoreException(
                $"There is no commit log in {_options.CommitLogPath} (storePathCommitLog), but {trace} belongs to one. Is the disk of "
                    + $"the commit log not mounted, or storePathCommitLog "
                + "missing or wrong? Nothing was changed. To give the messages up and begin with an empty store, move consumequeue, "
                    + "batchconsumequeue, index, checkpoint and inventory "
                + $"out of {_options.RootDirectory} first.");
        }
    }

    /// <summary>
    /// Compares the log with the inventory. Throws <see cref="StoreException"/> when they are not of one store: the log has other records
    /// where the inventory knows one. Returns the inventory; an empty one when another program has written since, which may have cut the
    /// log.
    /// </summary>
    public InventoryContent CheckThatItIsTheSame(Checkpoint checkpoint, InventoryContent known)
    {
        if (checkpoint.InventoryId != 0 && known.Id != 0 && checkpoint.InventoryId != known.Id)
        {
            throw new StoreException(
                $"The files checkpoint and inventory in {_options.RootDirectory} (storePathRootDir) are of two stores. Was one of them, "
                    + $"or the folder, restored from another broker? "
                + "Nothing was changed. Put back the one that belongs here. If that is lost, move both away: the broker then compares "
                    + "all queues with the log and makes them again.");
        }

        long other = checkpoint.FirstAnchor is { IsKnown: true } first && Differs(first.Offset, first.Mark) ? first.Offset
            : FirstThatDiffers(known);
        if (other < 0)
        {
            return known;
        }

        return checkpoint.HasPositions || checkpoint.IsEmpty
            ? throw new StoreException(
                $"The commit log in {_options.CommitLogPath} (storePathCommitLog) is not the one of the store in "
                    + $"{_options.RootDirectory} (storePathRootDir): its file "
                + $"{LogSegments.FileName(other)} begins with another message than the files checkpoint and inventory there know. Is "
                    + $"another disk mounted there, or one of the two "
                + $"keys wrong? Nothing was changed. If the two are to be one store from now on, move checkpoint and inventory out of "
                    + $"{_options.RootDirectory}: the broker then compares "
                + "all queues with the log and makes them again.")
            : new InventoryContent();
    }

    /// <summary>
    /// Throws <see cref="StoreException"/> when the log goes on behind an offset that the checkpoint knows as a boundary of records, and
    /// has none there: it took other messages since than this store. An older copy of the log ends before it.
    /// </summary>
    /// <param name="anchor">The record that led to the offset, and does not.</param>
    /// <param name="offset">The offset.</param>
    /// <param name="cancellationToken">Ends the look at the file.</param>
    public void CheckThatItEndsBefore(LogAnchor anchor, long offset, CancellationToken cancellationToken)
    {
        long from = Math.Max(_segments.MinOffset, anchor.Offset - (anchor.Offset % _segments.FileBytes));
        if (!anchor.IsKnown || from >= offset || new LogScanner(_segments)
            .Scan(from, offset, new NoVisitor(), cancellationToken).Offset < offset)
        {
            return;
        }

        throw new StoreException(
            $"The commit log in {_options.CommitLogPath} (storePathCommitLog) has other messages at {offset} than it had when the store "
                + $"in {_options.RootDirectory} (storePathRootDir) "
            + "last ran: a broker took messages into another copy of this log. Nothing was changed. Put back the copy that was used "
                + "last. To go on with this one, and give the messages "
            + $"of the other up, move checkpoint and inventory out of {_options.RootDirectory}: the broker then compares all queues with "
                + $"the log and makes them again.");
    }

    /// <summary>First offset of a log file that begins with another record than the inventory says; −1 without one.</summary>
    private long FirstThatDiffers(InventoryContent known)
    {
        foreach ((long baseOffset, ulong mark) in known.LogFiles)
        {
            if (Differs(baseOffset, mark))
            {
                return baseOffset;
            }
        }

        return -1;
    }

    private bool Differs(long baseOffset, ulong mark) => RecordMarks.Of(_segments, baseOffset) is not 0 and var found && found != mark;

    private string? FolderWithQueues()
    {
        foreach (string kind in (string[])["consumequeue", "batchconsumequeue"])
        {
            string directory = Path.Combine(_options.RootDirectory, kind);
            foreach (FileEntry topic in _files.List(directory).Where(static entry => entry.IsDirectory))
            {
                string queues = Path.Combine(directory, topic.Name);
                if (_files.List(queues).Any(queue => queue.IsDirectory && _files.List(Path.Combine(queues, queue.Name)).Count > 0))
                {
                    return directory;
                }
            }
        }

        return null;
    }
}
