using RocketOps.Broker.Configuration;
using RocketOps.Hosting.Properties;
using static RocketOps.Hosting.Properties.PropertyDefinition;

namespace RocketOps.Broker.Groups;

/// <summary>Options of consumer groups: which come into being, and how many.</summary>
internal sealed class GroupTableOptions : IFeatureOptions<GroupTableOptions>
{
    /// <summary>Memory for each consumer group up to <c>maxGroups</c>: some five times what one takes with its topic for retries, so that all of
    /// them leave most of it to the rest.</summary>
    private const int GroupBytes = 16 * 1024;

    /// <param name="values">Values of all keys.</param>
    /// <param name="memoryBytes">Bytes of memory that the process may have.</param>
    public GroupTableOptions(PropertyValues values, long memoryBytes)
    {
        AutoCreateGroup = values.Get(Keys.AutoCreateSubscriptionGroup);
        MaxGroups = MemoryShare.Within(values.Get(Keys.MaxGroups), memoryBytes, GroupBytes);
    }

    public bool AutoCreateGroup { get; }

    /// <summary>Limit of the configuration, as far as the memory allows.</summary>
    public int MaxGroups { get; }

    public static GroupTableOptions From(PropertyValues values) => new(values, MemoryShare.ProcessBytes);

    /// <summary>Keys of these options.</summary>
    internal static class Keys
    {
        public static readonly PropertyDefinition<bool> AutoCreateSubscriptionGroup = Boolean(
            "autoCreateSubscriptionGroup", true, live: true,
            description: "Groups come into being with the first heartbeat or pull.");

        public static readonly PropertyDefinition<int> MaxGroups = Int32(
            "maxGroups", 100_000, 1, live: true,
            description: "Consumer groups, RocketMQ's own among them, up to which clients make more by heartbeats, pulls, messages " +
                "given back and modes. Those that are there are served whatever their number; administration commands make more. " +
                "Counts as one for each 16 KiB of the memory the process may have where that is less. Not in RocketMQ.");

        /// <summary>All of them.</summary>
        public static readonly IReadOnlyList<PropertyDefinition> All =
        [
            AutoCreateSubscriptionGroup, MaxGroups,
        ];
    }
}
