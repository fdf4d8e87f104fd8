using RocketOps.Store.ConsumeQueues;

namespace RocketOps.Store.Records;

/// <summary>The tags code of a unit, source store.md §3.2: the hash of the tags, but in the schedule topic the time of delivery.</summary>
/// <param name="Value">The code, or the delay in milliseconds.</param>
/// <param name="IsDelay">The store time is to be added.</param>
internal readonly record struct RecordTagsCode(long Value, bool IsDelay)
{
    public long At(long storeTimestamp) => IsDelay ? storeTimestamp + Value : Value;

    public static RecordTagsCode Of(StoreTopic topic, in RecordProperties properties, IReadOnlyList<long> delayLevelsMs)
    {
        if (topic.IsSchedule && properties.DelayLevel > 0)
        {
            return new RecordTagsCode(delayLevelsMs.Count == 0 ? 1000 : delayLevelsMs[Math.Min(properties.DelayLevel, delayLevelsMs.Count) - 1], IsDelay: true);
        }

        return new RecordTagsCode(properties.Tags.IsEmpty ? 0 : JavaHash.Compute(properties.Tags), IsDelay: false);
    }
}
