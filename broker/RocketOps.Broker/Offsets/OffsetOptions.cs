using RocketOps.Broker.Configuration;
using RocketOps.Hosting.Properties;
using static RocketOps.Hosting.Properties.PropertyDefinition;

namespace RocketOps.Broker.Offsets;

/// <summary>Options of the offsets of consumer groups and delay levels.</summary>
internal sealed class OffsetOptions : IFeatureOptions<OffsetOptions>
{
    /// <summary>Memory for each offset up to <c>maxConsumerOffsets</c>, if it is the only one of its group on its topic.</summary>
    private const int OffsetBytes = 2 * 1024;

    /// <param name="values">Values of all keys.</param>
    /// <param name="memoryBytes">Bytes of memory that the process may have.</param>
    public OffsetOptions(PropertyValues values, long memoryBytes)
    {
        MaxConsumerOffsets = MemoryShare.Within(values.Get(Keys.MaxConsumerOffsets), memoryBytes, OffsetBytes);
        FlushConsumerOffsetInterval = TimeSpan.FromMilliseconds(values.Get(Keys.FlushConsumerOffsetInterval));
        FlushDelayOffsetInterval = TimeSpan.FromMilliseconds(values.Get(Keys.FlushDelayOffsetInterval));
        ServerSideReset = values.Get(Keys.UseServerSideResetOffset);
    }

    /// <summary>Limit of the configuration, as far as the memory allows.</summary>
    public int MaxConsumerOffsets { get; }

    public TimeSpan FlushConsumerOffsetInterval { get; }

    public TimeSpan FlushDelayOffsetInterval { get; }

    /// <summary>Resets of offsets are kept here for the next pull instead of being pushed to members.</summary>
    public bool ServerSideReset { get; }

    public static OffsetOptions From(PropertyValues values) => new(values, MemoryShare.ProcessBytes);

    /// <summary>Keys of these options.</summary>
    internal static class Keys
    {
        public static readonly PropertyDefinition<int> MaxConsumerOffsets = Int32(
            "maxConsumerOffsets", 1_000_000, 1, live: true,
            description: "Offsets of consumer groups, one for each group and queue, up to which clients commit the first one on a " +
                "queue; those that are there are always changed. Counts as one for each 2 KiB of the memory the process may have " +
                "where that is less. Not in RocketMQ.");

        public static readonly PropertyDefinition<int> FlushConsumerOffsetInterval = Int32(
            "flushConsumerOffsetInterval", 5_000, 100,
            description: "Milliseconds between writes of consumerOffset.json.");

        public static readonly PropertyDefinition<long> FlushDelayOffsetInterval = Int64(
            "flushDelayOffsetInterval", 10_000, 100,
            description: "Milliseconds between writes of delayOffset.json.");

        public static readonly PropertyDefinition<bool> UseServerSideResetOffset = Boolean(
            "useServerSideResetOffset", false, live: true,
            description: "A reset of a group's offsets is kept by the broker and told with the next pull, so that groups that are " +
                "offline can be reset too; otherwise it is pushed to members that are online, as with 4.9. RocketMQ 5.x has true.");

        /// <summary>All of them.</summary>
        public static readonly IReadOnlyList<PropertyDefinition> All =
        [
            MaxConsumerOffsets, FlushConsumerOffsetInterval, FlushDelayOffsetInterval, UseServerSideResetOffset,
        ];
    }
}
