using Microsoft.Extensions.Logging;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;
using RocketOps.Store.Indexing;
using RocketOps.Store.Inventory;
using RocketOps.Store.Log;

namespace RocketOps.Store.Recovery;

/// <summary>
/// Compares the index with the checkpoint and the log, before it is opened: files of another log, of messages behind the end of this one,
/// or older than the checkpoint are deleted, and the result says from where on keys have to be put again.
/// </summary>
internal sealed partial class IndexCheck(StoreOptions options, IStoreFileSystem files, LogSegments segments, ILogger logger)
{
    private readonly ILogger _logger = logger;
    private readonly string _directory = IndexFolder.PathOf(options);

    /// <summary>Looks at all files.</summary>
    /// <param name="checkpointFile">Its index position follows what is deleted.</param>
    /// <param name="expected">What the index had; name 0 when it had no file, or that is not known.</param>
    /// <param name="isReached">The checkpoint's offset is one of this log.</param>
    /// <param name="trustsFiles">All that was handed to the kernel is there: else keys behind the durable point are cut off later.</param>
    /// <param name="knowsNothing">Nothing tells what the index had: it is made again.</param>
    /// <param name="start">Where the log is read from; a record begins there.</param>
    /// <param name="cancellationToken">Ends a look for the log's end.</param>
    public IndexFindings Run(CheckpointFile checkpointFile, IndexExtent expected, bool isReached, bool trustsFiles, bool knowsNothing,
        long start, CancellationToken cancellationToken)
    {
        Checkpoint checkpoint = checkpointFile.Current;
        List<Header> headers = ReadHeaders();
        long keepBefore = knowsNothing ? 0 : long.MaxValue;
        bool lacksFiles = knowsNothing;
        long trustedBefore = trustsFiles || !isReached ? long.MaxValue : checkpoint.DurableOffset;
        int wrong = headers.FindIndex(header => !IsOfLog(header, trustedBefore));
        if (wrong >= 0)
        {
            // Of another log, or of messages that this log does not have: only its end tells.
            long end = new LogScanner(segments).Scan(start, long.MaxValue, new NoVisitor(), cancellationToken).Offset;
            keepBefore = Math.Min(keepBefore, Math.Min(end, headers[wrong].Begin));
            lacksFiles |= !BeginsInLog(headers[wrong], trustedBefore);
        }

        if (checkpoint.HasPositions && expected.Name != 0)
        {
            if (!headers.Exists(header => header.Name == expected.Name && header.Entries >= expected.Entries
                && header.UsedSlots >= expected.UsedSlots))
            {
                // Files that are there may be of the same earlier time; the newest was perhaps not full then, and its slots not told.
                keepBefore = headers.Count == 0 ? 0 : Math.Min(keepBefore, headers[^1].Begin);
                lacksFiles |= headers.Count == 0;
            }
            else if (!isReached)
            {
                keepBefore = Math.Min(keepBefore, checkpoint.DurableOffset);
            }
        }

        if (!checkpoint.HasPositions && start > segments.MinOffset && (headers.Count == 0 || headers[^1].End < start))
        {
            // Another program wrote last. From the newest file on the log is read anyway.
            lacksFiles = true;
        }

        return keepBefore == long.MaxValue && !lacksFiles
            ? new IndexFindings(long.MaxValue, isReached ? start - 1 : -1)
            : Drop(checkpointFile, headers, keepBefore, lacksFiles);
    }

    /// <summary>
    /// Deletes files with keys of messages from an offset on. <paramref name="lacksFiles"/>: between those that stay and that offset there
    /// were others.
    /// </summary>
    private IndexFindings Drop(CheckpointFile checkpointFile, List<Header> headers, long keepBefore, bool lacksFiles)
    {
        (_, IndexPosition newest, long begin) = IndexFolder.DropFrom(files, options, keepBefore);
        if (checkpointFile.Current.HasPositions)
        {
            checkpointFile.Write(checkpointFile.Current with { Index = newest }, durable: true);
        }

        long kept = headers.Find(header => header.Name == newest.Name).End;
        if (begin == long.MaxValue && !lacksFiles)
        {
            return new IndexFindings(long.MaxValue, -1);
        }

        long from = Math.Max(segments.MinOffset, lacksFiles ? (newest.Name == 0 ? 0 : kept) : begin);
        LogIncomplete(_directory, from);
        return new IndexFindings(from, newest.Name != 0 && from > kept ? kept : -1);
    }

    private List<Header> ReadHeaders()
    {
        List<Header> headers = [];
        foreach (string name in IndexFolder.List(files, _directory))
        {
            using IndexFile? file = IndexFile.Open(files, Path.Combine(_directory, name), options.IndexSlots, options.IndexEntries);
            if (file is not null)
            {
                headers.Add(new Header(long.Parse(name), file.Header.IndexCount, file.Header.BeginPhysicalOffset,
                    file.Header.EndPhysicalOffset, file.Header.BeginTimestamp, file.Header.UsedSlots));
            }
        }

        return headers;
    }

    /// <summary>
    /// The first and the last message of a file are in the log, as far as it reaches back, and when they lie before <paramref
    /// name="before"/>.
    /// </summary>
    private bool IsOfLog(in Header header, long before)
    {
        if (header.Entries <= 1)
        {
            return true;
        }

        return BeginsInLog(header, before)
            && (header.End < segments.MinOffset || header.End >= before || RecordMarks.StoreTimestampOf(segments, header.End) is not null);
    }

    private bool BeginsInLog(in Header header, long before) =>
        header.Begin < segments.MinOffset || header.Begin >= before
            || RecordMarks.StoreTimestampOf(segments, header.Begin) == header.BeginTimestamp;

    [LoggerMessage(EventId = 2207, Level = LogLevel.Warning, Message = "The index in {Folder} lacks keys of messages from {From} on, or has keys of a log that is not here: the "
        + "broker reads the commit log from there to put them again")]
    private partial void LogIncomplete(string folder, long from);

    private readonly record struct Header(long Name, int Entries, long Begin, long End, long BeginTimestamp, int UsedSlots);
}

/// <summary>Result of an <see cref="IndexCheck"/>.</summary>
/// <param name="From">
/// Offset of the log from which on the index lacks keys; <see cref="long.MaxValue"/> when it is not known to lack any.
/// </param>
/// <param name="Through">All keys of messages up to there are in the index; −1 when only its files tell.</param>
internal readonly record struct IndexFindings(long From, long Through);
