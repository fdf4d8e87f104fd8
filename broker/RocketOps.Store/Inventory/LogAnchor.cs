using System.Buffers.Binary;
using RocketOps.Store.Log;

namespace RocketOps.Store.Inventory;

/// <summary>
/// A record of the log, by its fingerprint, that shows whether a later offset is one of this log: the record is there, and records follow
/// one another from it to the offset.
/// </summary>
/// <param name="Offset">Where the record begins; −1 when none is known.</param>
/// <param name="Mark">Its fingerprint (<see cref="RecordMarks"/>); 0 when none is known.</param>
internal readonly record struct LogAnchor(long Offset, ulong Mark)
{
    public const int Bytes = 16;

    public static readonly LogAnchor None = new(-1, 0);

    public bool IsKnown => Mark != 0 && Offset >= 0;

    /// <summary>Takes the record at an offset; none where no record begins. May wait for the disk.</summary>
    public static LogAnchor At(LogSegments log, long offset) =>
        offset >= 0 && RecordMarks.Of(log, offset) is not 0 and var mark ? new LogAnchor(offset, mark) : None;

    public static LogAnchor Read(ReadOnlySpan<byte> source) =>
        new(BinaryPrimitives.ReadInt64BigEndian(source), BinaryPrimitives.ReadUInt64BigEndian(source[8..]));

    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteInt64BigEndian(destination, Offset);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], Mark);
    }

    /// <summary>Tells whether the record is in this log and leads to an offset.</summary>
    public bool Leads(LogSegments log, long to) => IsKnown && RecordMarks.Of(log, Offset) == Mark && RecordMarks.Leads(log, Offset, to);
}
