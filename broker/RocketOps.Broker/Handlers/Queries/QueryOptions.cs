using RocketOps.Broker.Configuration;
using RocketOps.Hosting.Properties;
using static RocketOps.Hosting.Properties.PropertyDefinition;

namespace RocketOps.Broker.Handlers.Queries;

/// <summary>Options of queries by key.</summary>
internal sealed class QueryOptions(PropertyValues values) : IFeatureOptions<QueryOptions>
{
    public int DefaultQueryMaxNum { get; } = values.Get(Keys.DefaultQueryMaxNum);

    public int MaxMessagesNumBatch { get; } = values.Get(Keys.MaxMsgsNumBatch);

    public static QueryOptions From(PropertyValues values) => new(values);

    /// <summary>Keys of these options.</summary>
    internal static class Keys
    {
        public static readonly PropertyDefinition<int> DefaultQueryMaxNum = Int32(
            "defaultQueryMaxNum", 32, 1, 4_096, live: true,
            description: "Messages of a query by unique key.");

        public static readonly PropertyDefinition<int> MaxMsgsNumBatch = Int32(
            "maxMsgsNumBatch", 64, 1, 4_096, live: true,
            description: "Most messages of any query by key.");

        /// <summary>All of them.</summary>
        public static readonly IReadOnlyList<PropertyDefinition> All =
        [
            DefaultQueryMaxNum, MaxMsgsNumBatch,
        ];
    }
}
