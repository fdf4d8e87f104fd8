using RocketOps.Broker.Configuration;
using RocketOps.Hosting.Properties;
using static RocketOps.Hosting.Properties.PropertyDefinition;

namespace RocketOps.Broker.Statistics;

/// <summary>Options of statistics.</summary>
internal sealed class StatisticsOptions(PropertyValues values) : IFeatureOptions<StatisticsOptions>
{
    public int MaxStatisticsKeys { get; } = values.Get(Keys.MaxStatisticsKeys);

    public static StatisticsOptions From(PropertyValues values) => new(values);

    /// <summary>Keys of these options.</summary>
    internal static class Keys
    {
        public static readonly PropertyDefinition<int> MaxStatisticsKeys = Int32(
            "maxStatisticsKeys", 100_000, 0, live: true,
            description: "Pairs of group and topic whose reading is counted (VIEW_BROKER_STATS_DATA, rates of consumers); further " +
                "ones show 0. About 1 KiB each while they are in use. Not in RocketMQ.");

        /// <summary>All of them.</summary>
        public static readonly IReadOnlyList<PropertyDefinition> All =
        [
            MaxStatisticsKeys,
        ];
    }
}
