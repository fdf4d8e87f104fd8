using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Records;

namespace RocketOps.Store.Log;

/// <summary>Describes messages for dispatch from what their sender handed over, outside of the append lock. The same as dispatch makes of the record.</summary>
internal sealed class MessageDescriber(StoreOptions options)
{
    private readonly IReadOnlyList<long> _delayLevelsMs = options.DelayLevelsMs;
    private readonly bool _indexes = options.IndexEnabled;
    private readonly bool _indexesTags = options.TagIndexEnabled;

    /// <summary>Describes what is known of a message before it has its place.</summary>
    public MessageDescription Describe(ConsumeQueue queue, int sysFlag, in PropertyParts parts) => Describe(queue, sysFlag, RecordProperties.Read(parts));

    /// <summary>The same of a record's properties.</summary>
    public MessageDescription Describe(ConsumeQueue queue, int sysFlag, ReadOnlySpan<byte> properties) => Describe(queue, sysFlag, RecordProperties.Read(properties));

    private MessageDescription Describe(ConsumeQueue queue, int sysFlag, in RecordProperties properties)
    {
        MessageKeyHashes hashes = default;
        int count = 0;
        if (_indexes && (sysFlag & SysFlags.TransactionMask) != SysFlags.TransactionRollback)
        {
            RecordKeys keys = new(queue.Topic, properties, _indexesTags);
            while (keys.TryRead(out int keyHash))
            {
                if (count == MessageKeyHashes.Capacity)
                {
                    count = -1;
                    break;
                }

                hashes[count++] = keyHash;
            }
        }

        return new MessageDescription(queue, sysFlag, RecordTagsCode.Of(queue.Topic, properties, _delayLevelsMs), hashes, count);
    }
}

/// <summary>A message without its place in the log.</summary>
internal readonly struct MessageDescription(ConsumeQueue queue, int sysFlag, RecordTagsCode tagsCode, MessageKeyHashes keyHashes, int keyCount)
{
    private readonly ConsumeQueue _queue = queue;
    private readonly int _sysFlag = sysFlag;
    private readonly RecordTagsCode _tagsCode = tagsCode;
    private readonly MessageKeyHashes _keyHashes = keyHashes;
    private readonly int _keyCount = keyCount;

    /// <summary>Leaves the description where dispatch looks for it; false when there is no room. Under the append lock, in the order of the log.</summary>
    public bool AddTo(DescriptorRing ring, long offset, int size, long queueOffset, long storeTimestamp) => ring.TryAdd(new MessageDescriptor
    {
        Offset = offset,
        Size = size,
        SysFlag = _sysFlag,
        Queue = _queue,
        QueueOffset = queueOffset,
        TagsCode = _tagsCode.At(storeTimestamp),
        StoreTimestamp = storeTimestamp,
        KeyHashes = _keyHashes,
        KeyCount = _keyCount,
    });
}
