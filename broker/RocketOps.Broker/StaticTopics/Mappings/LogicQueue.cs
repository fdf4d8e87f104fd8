namespace RocketOps.Broker.StaticTopics.Mappings;

/// <summary>A logical queue that this broker leads: its stretches, from the first to the one that is written to. Immutable.</summary>
internal sealed class LogicQueue(TopicQueueMapping mapping, int id, IReadOnlyList<LogicQueueMappingItem> items)
{
    public TopicQueueMapping Mapping { get; } = mapping;

    public int Id { get; } = id;

    public IReadOnlyList<LogicQueueMappingItem> Items { get; } = items;

    public LogicQueueMappingItem Leader => Items[^1];

    /// <summary>Exclusive end of the logical queue, as far as the mapping knows it.</summary>
    public long MappedEnd => Leader.MaxLogicOffset;

    /// <summary>The stretch that has the offset; the first one for what lies before it. Null while no stretch has its place.</summary>
    public LogicQueueMappingItem? Find(long logicOffset)
    {
        LogicQueueMappingItem? first = null;
        for (int i = Items.Count - 1; i >= 0; i--)
        {
            LogicQueueMappingItem item = Items[i];
            if (!item.IsPlaced)
            {
                continue;
            }

            if (logicOffset >= item.LogicOffset)
            {
                return item;
            }

            first = item;
        }

        return first;
    }

    /// <summary>The stretch after this one; null when there is none, or it has no place yet.</summary>
    public LogicQueueMappingItem? Next(LogicQueueMappingItem item)
    {
        for (int i = 0; i < Items.Count - 1; i++)
        {
            if (Items[i].Gen == item.Gen)
            {
                return Items[i + 1].IsPlaced ? Items[i + 1] : null;
            }
        }

        return null;
    }
}
