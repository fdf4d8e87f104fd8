namespace RocketOps.Store.ConsumeQueues;

/// <summary>
/// Bounds the open files of all consume queues together: a broker has more queues than a process may have descriptors. The least recently used close first,
/// never one with bytes that are not durable; whoever makes files durable does so in time (<see cref="IsFull"/>).
/// <para>
/// Lock order: a queue's lock, then the one here. Closing files of other queues only tries their locks, so that whoever holds one may ask for it; a queue that
/// is locked is in use anyway.
/// </para>
/// </summary>
internal sealed class OpenQueueFiles
{
    private readonly int _limit;
    private readonly Lock _lock = new();
    private readonly HashSet<QueueFile> _files = [];
    private long _uses;
    private int _count;
    private int _trimAt;

    /// <summary>
    /// Keeps at most <paramref name="limit"/> files open. One queue needs two: it may be read far from where it is written.
    /// </summary>
    public OpenQueueFiles(int limit)
    {
        _limit = limit;
        _trimAt = limit;
    }

    public int Count => Volatile.Read(ref _count);

    /// <summary>No further file should be opened before others were made durable and closed.</summary>
    public bool IsFull => Count >= _limit;

    public void Add(QueueFile file)
    {
        Touch(file);
        lock (_lock)
        {
            _files.Add(file);
            Volatile.Write(ref _count, _files.Count);
        }
    }

    public void Remove(QueueFile file)
    {
        lock (_lock)
        {
            _files.Remove(file);
            Volatile.Write(ref _count, _files.Count);
        }
    }

    /// <summary>Notes a use. Goes with a system call each time, beside which it costs nothing.</summary>
    public void Touch(QueueFile file) => file.LastUse = Interlocked.Increment(ref _uses);

    /// <summary>
    /// Closes the least recently used files when there are too many, unless that has just found most of them in need of a flush. Never <paramref name="opened"/>,
    /// which the caller is about to use: it can be the only one that needs none.
    /// </summary>
    public void TrimIfFull(QueueFile opened)
    {
        if (Count >= Volatile.Read(ref _trimAt))
        {
            Trim(opened);
        }
    }

    /// <summary>Closes the least recently used files down to seven eighths of the limit: some at a time, so that finding them is not the work of each opening.</summary>
    public void Trim(QueueFile? except = null)
    {
        QueueFile[] files;
        lock (_lock)
        {
            files = [.. _files];
        }

        Array.Sort(Array.ConvertAll(files, file => file.LastUse), files);
        int surplus = files.Length - (_limit - (_limit / 8));
        for (int i = 0; i < files.Length && surplus > 0; i++)
        {
            if (files[i] != except && files[i].Owner.TryClose(files[i]))
            {
                surplus--;
            }
        }

        // Where nearly all have bytes to be made durable, looking again for each further file would find nothing.
        Volatile.Write(ref _trimAt, Math.Max(_limit, Count + (_limit / 8)));
    }
}
