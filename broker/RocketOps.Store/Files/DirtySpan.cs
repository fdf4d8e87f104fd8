namespace RocketOps.Store.Files;

/// <summary>
/// The bytes of a file from the first to the last that the kernel was given and the disk perhaps was not, and the way there in steps: sent all at once by a flush,
/// they stand in the disk's queue before the flush of the log, and whoever waits for that one waits for them. Not thread-safe.
/// </summary>
internal struct DirtySpan
{
    /// <summary>Most bytes that may stand before a flush of the log: half a millisecond of a disk that writes 500 MB a second.</summary>
    public const int StepBytes = 256 * 1024;

    private long _from;
    private long _to;

    /// <summary>These bytes were handed to the kernel.</summary>
    public void Add(long offset, long length)
    {
        _from = _to == 0 ? offset : Math.Min(_from, offset);
        _to = Math.Max(_to, offset + length);
    }

    /// <summary>
    /// Sends them to the disk, one step after the other has arrived, but for the last that is not whole: a flush of the file does that along with what it does anyway.
    /// Nothing is durable by this alone.
    /// </summary>
    public void WriteBack(IStoreFile file)
    {
        for (; _to - _from >= StepBytes; _from += StepBytes)
        {
            file.WriteBack(_from, StepBytes);
        }
    }
}
