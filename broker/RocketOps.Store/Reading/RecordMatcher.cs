using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Log;
using RocketOps.Store.Records;

namespace RocketOps.Store.Reading;

/// <summary>Matcher of a filter with a unit of a queue, its extension and, where the filter has to look there, its record.</summary>
internal sealed class RecordMatcher(LogSegments segments, LogReader reader)
{
    /// <summary>
    /// Records that a call which must not wait reads for a filter, and about how many bytes of them: two tenths of a millisecond. A loop
    /// serves others, and hundreds of pulls come in one receive.
    /// </summary>
    private const int MaxFilteredRecords = 128;
    private const int MaxFilteredBytes = 256 * 1024;

    /// <summary>
    /// About how many bytes any call reads for a filter: a few threads read for everybody, and a reader that is told how far it is comes
    /// again.
    /// </summary>
    private const int MaxFilteredBytesOfAny = 32 * 1024 * 1024;

    /// <summary>Tells whether a call has read as much for its filter as one call may.</summary>
    public static bool HasReadEnough(GetResult result, bool mayBlock) => mayBlock
        ? result.FilteredBytes >= MaxFilteredBytesOfAny
        : result.FilteredRecords >= MaxFilteredRecords || result.FilteredBytes >= MaxFilteredBytes;

    /// <summary>
    /// Checks whether a filter wants the message of a unit: <see cref="ReadOutcome.Done"/>, or <see cref="ReadOutcome.NotThere"/>.
    /// </summary>
    public ReadOutcome Matches(ConsumeQueue queue, in ConsumeQueueUnit unit, IMessageFilter? filter, GetResult result, bool mayBlock)
    {
        if (filter is null)
        {
            return ReadOutcome.Done;
        }

        bool checksTags = false;
        if (ExtAddress.Is(unit.TagsCode))
        {
            ReadOutcome ext = MatchesExt(queue, unit, filter, result, mayBlock, out checksTags);
            if (ext != ReadOutcome.Done)
            {
                return ext;
            }
        }
        else if (!filter.MatchesTagsCode(unit.TagsCode))
        {
            return ReadOutcome.NotThere;
        }

        if (!filter.NeedsRecord && !checksTags)
        {
            return ReadOutcome.Done;
        }

        if (unit.RecordSize > segments.FileBytes)
        {
            return ReadOutcome.NotThere;
        }

        if (result.RecordScratch.Length < unit.RecordSize)
        {
            result.RecordScratch = GC.AllocateUninitializedArray<byte>(unit.RecordSize);
        }

        result.FilteredRecords++;
        result.FilteredBytes += unit.RecordSize;
        Span<byte> record = result.RecordScratch.AsSpan(0, unit.RecordSize);
        ReadOutcome outcome = reader.Read(unit.PhysicalOffset, record, mayBlock);
        if (outcome != ReadOutcome.Done)
        {
            return outcome;
        }

        return (!checksTags || MatchesTags(filter, record)) && (!filter.NeedsRecord || filter.MatchesRecord(record))
            ? ReadOutcome.Done
            : ReadOutcome.NotThere;
    }

    /// <summary>First step for a unit with an extension. Where that cannot be read the message's own tags are to be looked at.</summary>
    private static ReadOutcome MatchesExt(
        ConsumeQueue queue, in ConsumeQueueUnit unit, IMessageFilter filter, GetResult result, bool mayBlock, out bool checksTags)
    {
        ReadOutcome outcome = queue.ReadExt(unit.TagsCode, result.ExtWindow ??= new ExtWindow(), mayBlock, out ExtUnit ext);
        checksTags = outcome == ReadOutcome.NotThere;
        return outcome switch
        {
            ReadOutcome.NotThere => ReadOutcome.Done,
            ReadOutcome.Done when !filter.MatchesTagsCode(ext.TagsCode) || !filter.MatchesBitMap(ext.StoreTimestamp, ext.BitMap) =>
                ReadOutcome.NotThere,
            _ => outcome,
        };
    }

    private static bool MatchesTags(IMessageFilter filter, ReadOnlySpan<byte> record)
    {
        // A record that cannot be read is given out as it is, as it is without a filter.
        if (RecordView.Parse(record, expectedOffset: -1, verifyCrc: false, out RecordView view) != RecordCheck.Valid)
        {
            return true;
        }

        ReadOnlySpan<byte> tags = RecordProperties.Read(view.Properties).Tags;
        return filter.MatchesTagsCode(tags.IsEmpty ? 0 : JavaHash.Compute(tags));
    }
}
