using RocketOps.Store.Files;

namespace RocketOps.Store.ConsumeQueues;

/// <summary>An open file of a consume queue. The flags and what is dirty are guarded by the queue's lock.</summary>
internal sealed class QueueFile
{
    private long _lastUse;
    private DirtySpan _dirty;

    public QueueFile(QueueFiles owner, long firstUnit, IStoreFile file)
    {
        Owner = owner;
        FirstUnit = firstUnit;
        File = file;
    }

    public QueueFiles Owner { get; }

    /// <summary>Queue offset of the first unit.</summary>
    public long FirstUnit { get; }

    public IStoreFile File { get; }

    /// <summary>Written since it was last taken to be made durable. Such a file stays open: closed, it could lose the error of a failing write-back.</summary>
    public bool IsUnsynced { get; set; }

    /// <summary>Being made durable without the lock: whoever would close it leaves that to the flush.</summary>
    public bool IsFlushing { get; set; }

    /// <summary>These bytes were handed to the kernel.</summary>
    public void NoteWritten(long offset, int length) => _dirty.Add(offset, length);

    /// <summary>Takes the bytes noted until now; the caller must send them to the disk.</summary>
    public DirtySpan TakeDirty()
    {
        DirtySpan dirty = _dirty;
        _dirty = default;
        return dirty;
    }

    /// <summary>Last use of the file, by the count of <see cref="OpenQueueFiles"/>.</summary>
    public long LastUse
    {
        get => Volatile.Read(ref _lastUse);
        set => Volatile.Write(ref _lastUse, value);
    }
}
