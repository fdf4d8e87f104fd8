using RocketOps.Store.Contracts;
using RocketOps.Store.Inventory;
using RocketOps.Store.Log;

namespace RocketOps.Store.Recovery;

/// <summary>
/// Looks whether files of the commit log that others follow are written to their ends. A file that ends in zeros before the next one begins
/// is an older copy that was put over a newer one, or one that was copied in part: what was in its place is gone, and queues point to it.
/// Reads the last few records of each file; one thread.
/// </summary>
internal sealed class LogFileEnds(StoreOptions options, LogSegments segments)
{
    private const long FirstTailBytes = 16 * 1024;
    private const int TailGrowth = 16;
    private const int ChunkBytes = 1024 * 1024;

    private readonly RecordSearch _search = new(segments);

    /// <summary>
    /// Throws <see cref="StoreException"/> for the first file before <paramref name="offset"/>, which is known to be written and durable,
    /// that ends early.
    /// </summary>
    public void Check(long offset, CancellationToken cancellationToken)
    {
        // Behind the last file with messages there may be one that was made ahead.
        int last = segments.All.Count - 1;
        while (last > 0 && (segments.All[last].BaseOffset > offset || !Begins(segments.All[last])))
        {
            last--;
        }

        for (int i = 0; i < last; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            long end = EndOf(segments.All[i], cancellationToken);
            if (end < segments.All[i + 1].BaseOffset)
            {
                throw Refusal(end, segments.All[i]);
            }
        }
    }

    /// <summary>
    /// Throws <see cref="StoreException"/> when the log seems to end at <paramref name="offset"/> and a later file begins with a message,
    /// although no power cut can have left it so.
    /// </summary>
    public void CheckThatNothingFollows(long offset)
    {
        if (segments.All.Any(file => file.BaseOffset > offset && Begins(file)))
        {
            throw Refusal(offset, segments.Find(offset)!);
        }
    }

    private bool Begins(LogSegment file) => RecordMarks.Of(segments, file.BaseOffset) != 0;

    private StoreException Refusal(long offset, LogSegment file) => new(
        $"The commit log in {options.CommitLogPath} (storePathCommitLog) breaks off at {offset}, in {file.File.Path}, but later files have "
            + "messages. Was an older copy of the folder put over a newer one, or a file copied in part? The log was not changed. Put the right "
            + $"file back. To go on without the messages that are missing, move checkpoint and inventory out of {options.RootDirectory}: "
            + "the broker then reads the whole log, names each gap, and makes all queues again.");

    /// <summary>Finds the place from which on the file has only zeros; its end where it ends with a record, or with damage.</summary>
    private long EndOf(LogSegment segment, CancellationToken cancellationToken)
    {
        long fileEnd = segment.BaseOffset + segments.FileBytes;
        for (long tail = FirstTailBytes; ; tail *= TailGrowth)
        {
            cancellationToken.ThrowIfCancellationRequested();
            long from = Math.Max(segment.BaseOffset, fileEnd - tail);
            long last = -1;
            for (long at = from; last < fileEnd && _search.Next(at, fileEnd) is >= 0 and var record; at = Math.Max(record + 1, last))
            {
                last = RecordMarks.Follow(segments, record, fileEnd);
            }

            if (last >= 0 || from == segment.BaseOffset)
            {
                long begin = Math.Max(last, segment.BaseOffset);
                return IsZero(segment, begin - segment.BaseOffset) ? begin : fileEnd;
            }
        }
    }

    private bool IsZero(LogSegment segment, long at)
    {
        byte[] chunk = new byte[ChunkBytes];
        while (at < segments.FileBytes && (at = segment.File.NextDataOffset(at)) >= 0)
        {
            int length = segment.File.Read(chunk.AsSpan(0, (int)Math.Min(chunk.Length, segments.FileBytes - at)), at);
            if (chunk.AsSpan(0, length).ContainsAnyExcept((byte)0))
            {
                return false;
            }

            if (length == 0)
            {
                break;
            }

            at += length;
        }

        return true;
    }
}
