using RocketOps.Store.Dispatching;

namespace RocketOps.Store.Reading;

/// <summary>
/// Decides which messages of a queue a reader gets. Called on the reader's thread and, for parked pulls, on the dispatching one: must be fast and must not block.
/// </summary>
public interface IMessageFilter
{
    /// <summary>First step, on the consume-queue unit: false drops the message without reading it.</summary>
    bool MatchesTagsCode(long tagsCode);

    /// <summary>
    /// First step too, where the unit has an extension: false drops the message without reading it. An empty bit map tells nothing.
    /// </summary>
    /// <param name="storeTimestamp">Of the message, ms since 1970.</param>
    /// <param name="bitMap">What <see cref="IMessageBitMaps"/>, or a broker of RocketMQ's, has left of the message; borrowed for the call.</param>
    bool MatchesBitMap(long storeTimestamp, ReadOnlySpan<byte> bitMap) => true;

    /// <summary>True when <see cref="MatchesRecord"/> is to be asked for messages that pass the first step.</summary>
    bool NeedsRecord { get; }

    /// <summary>
    /// Second step for a message that arrives while a reader waits, on its stored properties, borrowed for the call. A filter that needs more than these says true: the
    /// reader is woken and the record decides.
    /// </summary>
    bool MatchesProperties(ReadOnlySpan<byte> properties) => true;

    /// <summary>Second step, on the whole record, borrowed for the call.</summary>
    bool MatchesRecord(ReadOnlySpan<byte> record);
}
