using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;

namespace RocketOps.Store.Reading;

/// <summary>
/// Answer to reading a queue; owned by the caller and used again for the next read, so that a pull allocates nothing. Not for two reads at a time.
/// </summary>
public sealed class GetResult
{
    private MessageRange[] _messages = new MessageRange[32];
    private int _innerMessages;

    /// <summary>Units copied out of the queue before they are judged: what lies in the queue's memory may be overwritten at any time.</summary>
    internal byte[] Units { get; } = new byte[ConsumeQueueUnit.Size * 256];

    /// <summary>Buffer for records that are read for a filter that looks into them; grows to the largest record seen.</summary>
    internal byte[] RecordScratch { get; set; } = [];

    /// <summary>Records that were read for a filter, and their bytes.</summary>
    internal int FilteredRecords { get; set; }

    /// <inheritdoc cref="FilteredRecords"/>
    internal long FilteredBytes { get; set; }

    /// <summary>Offset in the log from which a little on the bytes were in the page cache when somebody looked.</summary>
    internal long LookedAtHand { get; set; }

    /// <summary>Extensions of units; null until a queue that has some is read with a filter.</summary>
    internal ExtWindow? ExtWindow { get; set; }

    /// <summary>Value of <see cref="RocketOps.Store.Log.CutFence.Count"/> before the queue was read.</summary>
    internal int Cuts { get; set; }

    public GetStatus Status { get; internal set; }

    /// <summary>Queue offset the consumer should ask for next.</summary>
    public long NextBeginOffset { get; internal set; }

    public long MinOffset { get; internal set; }

    /// <summary>Exclusive.</summary>
    public long MaxOffset { get; internal set; }

    /// <summary>Sum of the sizes of <see cref="Messages"/>.</summary>
    public int TotalBytes { get; internal set; }

    /// <summary>Number of <see cref="Messages"/>.</summary>
    public int Count { get; private set; }

    /// <summary>Number of messages in the records found: a record of a batch consume queue may have several.</summary>
    public int MessageCount => Count + _innerMessages;

    /// <summary>The reader is so far behind that a slave should serve it (40 % rule, store.md §5.1).</summary>
    public bool SuggestPullingFromSlave { get; internal set; }

    /// <summary>The records found, in queue order. Valid until the next read with this object.</summary>
    public ReadOnlySpan<MessageRange> Messages => _messages.AsSpan(0, Count);

    internal void Reset()
    {
        Status = GetStatus.NoMessageInQueue;
        NextBeginOffset = 0;
        MinOffset = 0;
        MaxOffset = 0;
        TotalBytes = 0;
        Count = 0;
        _innerMessages = 0;
        SuggestPullingFromSlave = false;
        FilteredRecords = 0;
        FilteredBytes = 0;
        LookedAtHand = long.MaxValue;
        ExtWindow?.Clear();
    }

    internal void Add(MessageRange message)
    {
        if (Count == _messages.Length)
        {
            Array.Resize(ref _messages, Count * 2);
        }

        _messages[Count++] = message;
        TotalBytes += message.Size;
    }

    /// <summary>The record that was added last holds so many messages beyond the first.</summary>
    internal void AddInner(int messages) => _innerMessages += messages;
}
