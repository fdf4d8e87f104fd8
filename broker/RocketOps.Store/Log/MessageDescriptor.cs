using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using RocketOps.Store.ConsumeQueues;

namespace RocketOps.Store.Log;

/// <summary>
/// Description of one message for queues and index, left by whoever appended it, who knows it anyway: dispatch does not read the record
/// then. 64 bytes, a line of the cache.
/// </summary>
internal struct MessageDescriptor
{
    /// <summary>Offset and size of the record.</summary>
    public long Offset;
    public int Size;
    public int SysFlag;

    /// <summary>The queue it was appended to. Its topic may have been deleted since.</summary>
    public ConsumeQueue Queue;
    public long QueueOffset;
    public long TagsCode;
    public long StoreTimestamp;

    /// <summary>Hashes for the index; the keys themselves are in the record.</summary>
    public MessageKeyHashes KeyHashes;

    /// <summary>Number of the hashes; −1 when the message has more keys than fit, and its record is to be read.</summary>
    public int KeyCount;

    public readonly long End => Offset + Size;

    [UnscopedRef]
    public readonly ReadOnlySpan<int> Keys => KeyHashes[..KeyCount];
}

/// <summary>A producer's unique key and two more: what nearly all messages have, and what fits the line.</summary>
[InlineArray(Capacity)]
internal struct MessageKeyHashes
{
    public const int Capacity = 3;

    private int _first;
}
