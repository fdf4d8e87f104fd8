using System.Buffers.Binary;

namespace RocketOps.Store.Log;

/// <summary>Reads the log record by record and checks each: for recovery, dump and verification.</summary>
internal sealed class LogScanner
{
    private const int FirstBufferBytes = 4 * 1024 * 1024;

    private readonly LogSegments _segments;
    private readonly bool _suspectsTornEnd;
    private byte[] _buffer;

    /// <param name="segments">The log.</param>
    /// <param name="suspectsTornEnd">
    /// After an unclean stop: the very last record counts only when its text does not end in zeros. No checksum covers topic and properties, so a record whose
    /// last sector was lost looks whole otherwise. Records that others follow are not judged so: a producer may put a zero there.
    /// </param>
    public LogScanner(LogSegments segments, bool suspectsTornEnd = false)
    {
        _segments = segments;
        _suspectsTornEnd = suspectsTornEnd;
        _buffer = GC.AllocateUninitializedArray<byte>(Math.Min(FirstBufferBytes, segments.FileBytes));
    }

    /// <summary>Shows everything from <paramref name="from"/>, where a record begins, to the first place that holds none.</summary>
    public ScanEnd Scan(long from, ILogVisitor visitor, CancellationToken cancellationToken) => Scan(from, long.MaxValue, visitor, cancellationToken);

    /// <summary>The same, but not the records from <paramref name="to"/> on. Ends there when one begins there, and behind it when one lies across it.</summary>
    public ScanEnd Scan(long from, long to, ILogVisitor visitor, CancellationToken cancellationToken)
    {
        long at = from;
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (at >= to)
            {
                return new ScanEnd(at, RecordCheck.Empty);
            }

            LogSegment? segment = _segments.Find(at);
            if (segment is null)
            {
                return new ScanEnd(at, RecordCheck.Empty);
            }

            long fileEnd = segment.BaseOffset + _segments.FileBytes;
            int length = _segments.Read(at, _buffer, mayBlock: true);
            ScanEnd? end = ScanChunk(_buffer.AsSpan(0, length), at, fileEnd, to, visitor, out long next);
            if (end is { } found)
            {
                return found;
            }

            if (next == at && _buffer.Length >= _segments.FileBytes)
            {
                // The file is shorter than it was made.
                return new ScanEnd(at, RecordCheck.BadSize);
            }

            if (next == at)
            {
                // A record larger than the buffer; never larger than its file.
                _buffer = GC.AllocateUninitializedArray<byte>((int)Math.Min(_segments.FileBytes, _buffer.Length * 4L));
            }

            at = next;
        }
    }

    private static bool EndsInZero(in RecordView record) =>
        record.Properties.IsEmpty ? record.Topic.Contains((byte)0) : record.Properties[^1] == 0;

    /// <summary>No record follows. Bytes further behind may be those of a sector that survived where the one before it did not.</summary>
    private static bool EndsLog(ReadOnlySpan<byte> rest) =>
        !rest[..Math.Min(rest.Length, RecordLayout.BlankBytes)].ContainsAnyExcept((byte)0);

    private ScanEnd? ScanChunk(ReadOnlySpan<byte> chunk, long start, long fileEnd, long to, ILogVisitor visitor, out long next)
    {
        int at = 0;
        while (true)
        {
            next = start + at;
            if (next >= to)
            {
                return null;
            }

            if (at == chunk.Length)
            {
                return next == fileEnd ? null : chunk.IsEmpty ? new ScanEnd(next, RecordCheck.Empty) : null;
            }

            ReadOnlySpan<byte> rest = chunk[at..];
            bool atFileEnd = start + chunk.Length == fileEnd;
            RecordCheck check = RecordView.Parse(rest, next, verifyCrc: true, out RecordView record);
            switch (check)
            {
                case RecordCheck.Valid when _suspectsTornEnd && EndsInZero(record) && rest.Length < record.Size + RecordLayout.BlankBytes && !atFileEnd:
                    return null;
                case RecordCheck.Valid when _suspectsTornEnd && EndsInZero(record) && EndsLog(rest[record.Size..]):
                    return new ScanEnd(next, RecordCheck.TornText);
                case RecordCheck.Valid:
                    visitor.OnRecord(record);
                    at += record.Size;
                    break;
                case RecordCheck.Blank:
                    visitor.OnBlank(next, BinaryPrimitives.ReadInt32BigEndian(rest));
                    next = fileEnd;
                    return null;
                case RecordCheck.Incomplete when !atFileEnd:
                case RecordCheck.Empty when rest.Length < RecordLayout.BlankBytes && !atFileEnd:
                    return null;
                case RecordCheck.Incomplete:
                    return new ScanEnd(next, RecordCheck.BadSize);
                default:
                    return new ScanEnd(next, check);
            }
        }
    }
}

/// <summary>
/// End of a scan and the reason for it: <see cref="RecordCheck.Empty"/> at the regular end of a log, else what is wrong with the record
/// there.
/// </summary>
internal readonly record struct ScanEnd(long Offset, RecordCheck Reason);

/// <summary>Findings of recovery.</summary>
/// <param name="End">End of the log.</param>
/// <param name="Durable">Offset up to which it is certainly on the disk.</param>
/// <param name="Dispatched">Offset up to which queues and index have it.</param>
/// <param name="LastStoreTimestamp">Store time of the last message, 0 when none was read.</param>
/// <param name="LastRecord">Offset of the last message, −1 when none was read.</param>
/// <param name="IsDamaged">Whole records lay behind the end, and are gone.</param>
/// <param name="ChangesInventory">The inventory is to be written again, as queues were others than it says.</param>
internal readonly record struct RecoveredStore(
    long End, long Durable, long Dispatched, long LastStoreTimestamp, long LastRecord, bool IsDamaged, bool ChangesInventory = false);

/// <summary>Shown what a scan of the log finds, in order.</summary>
internal interface ILogVisitor
{
    /// <summary>A record whose structure, place and checksum are right.</summary>
    void OnRecord(in RecordView record);

    /// <summary>An end-of-file record, and the size it claims.</summary>
    void OnBlank(long offset, int size);
}

/// <summary>Looks at nothing: for those who ask where a log ends.</summary>
internal sealed class NoVisitor : ILogVisitor
{
    public void OnRecord(in RecordView record)
    {
    }

    public void OnBlank(long offset, int size)
    {
    }
}
