using RocketOps.Broker.Configuration;
using RocketOps.Hosting.Properties;
using static RocketOps.Hosting.Properties.PropertyDefinition;

namespace RocketOps.Broker.Filtering;

/// <summary>Options of filters that subscriptions name.</summary>
internal sealed class FilterOptions(PropertyValues values) : IFeatureOptions<FilterOptions>
{
    /// <summary>SQL92 subscriptions are served.</summary>
    public bool EnablePropertyFilter { get; } = values.Get(Keys.EnablePropertyFilter);

    /// <summary>Which SQL92 subscriptions a message matches is noted when it is dispatched.</summary>
    public bool WritesBitMaps { get; } = values.Get(Keys.EnableCalcFilterBitMap) && values.Get(StoreKeys.EnableConsumeQueueExt);

    /// <summary>SQL92 subscriptions filter retries too.</summary>
    public bool FilterSupportRetry { get; } = values.Get(Keys.FilterSupportRetry);

    /// <summary>Consumers that a bit map has room for.</summary>
    public int ExpectedConsumers { get; } = values.Get(Keys.ExpectConsumerNumUseFilter);

    /// <summary>Percentage of messages that a bit map may say to match which do not.</summary>
    public int MaxErrorRate { get; } = values.Get(Keys.MaxErrorRateOfBloomFilter);

    public static FilterOptions From(PropertyValues values) => new(values);

    /// <summary>Keys of these options.</summary>
    internal static class Keys
    {
        public static readonly PropertyDefinition<bool> EnablePropertyFilter = Boolean(
            "enablePropertyFilter", false, live: true,
            description: "Consumers may filter by properties with SQL92 expressions.");

        public static readonly PropertyDefinition<bool> EnableCalcFilterBitMap = Boolean(
            "enableCalcFilterBitMap", false,
            description: "Each message is compared once with the SQL92 expressions of all groups, so that pulls need not read what " +
                "does not match. Without effect unless enableConsumeQueueExt.");

        public static readonly PropertyDefinition<bool> FilterSupportRetry = Boolean(
            "filterSupportRetry", false, live: true,
            description: "The SQL92 expression of the topic a message came from filters the group's retry topic too.");

        public static readonly PropertyDefinition<int> ExpectConsumerNumUseFilter = Int32(
            "expectConsumerNumUseFilter", 32, 1, 8_192,
            description: "Groups of a topic that filter by SQL92, for the size of the bit maps; four times as many get bits.");

        public static readonly PropertyDefinition<int> MaxErrorRateOfBloomFilter = Int32(
            "maxErrorRateOfBloomFilter", 20, 1, 99,
            description: "Percent of the messages that are read in vain in spite of the bit maps, at most.");

        /// <summary>All of them.</summary>
        public static readonly IReadOnlyList<PropertyDefinition> All =
        [
            EnablePropertyFilter, EnableCalcFilterBitMap, FilterSupportRetry, ExpectConsumerNumUseFilter, MaxErrorRateOfBloomFilter,
        ];
    }
}
