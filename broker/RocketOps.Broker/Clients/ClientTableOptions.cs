using RocketOps.Broker.Configuration;
using RocketOps.Hosting.Properties;
using static RocketOps.Hosting.Properties.PropertyDefinition;

namespace RocketOps.Broker.Clients;

/// <summary>Options of connected producers and consumers.</summary>
internal sealed class ClientTableOptions : IFeatureOptions<ClientTableOptions>
{
    /// <summary>Memory for each membership or subscription up to <c>maxRegistrations</c>: one takes a kilobyte.</summary>
    private const int RegistrationBytes = 4 * 1024;

    /// <param name="values">Values of all keys.</param>
    /// <param name="memoryBytes">Bytes of memory that the process may have.</param>
    public ClientTableOptions(PropertyValues values, long memoryBytes)
    {
        MaxGroupsPerConnection = values.Get(Keys.MaxGroupsPerConnection);
        MaxRegistrations = MemoryShare.Within(values.Get(Keys.MaxRegistrations), memoryBytes, RegistrationBytes);
        MaxSubscriptionsPerConnection = values.Get(Keys.MaxSubscriptionsPerConnection);
        NotifyConsumerIdsChanged = values.Get(Keys.NotifyConsumerIdsChangedEnable);
        ChannelExpiredTimeout = TimeSpan.FromMilliseconds(values.Get(Keys.ChannelExpiredTimeout));
    }

    public int MaxGroupsPerConnection { get; }

    /// <summary>Limit of the configuration, as far as the memory allows.</summary>
    public int MaxRegistrations { get; }

    public int MaxSubscriptionsPerConnection { get; }

    public bool NotifyConsumerIdsChanged { get; }

    public TimeSpan ChannelExpiredTimeout { get; }

    public static ClientTableOptions From(PropertyValues values) => new(values, MemoryShare.ProcessBytes);

    /// <summary>Keys of these options.</summary>
    internal static class Keys
    {
        public static readonly PropertyDefinition<int> MaxGroupsPerConnection = Int32(
            "maxGroupsPerConnection", 65_536, 1, live: true,
            description: "Consumer groups, and producer groups, that one connection may be a member of, and consumer groups that it " +
                "may make by heartbeats, pulls, messages given back and modes; what would be more is refused. Not in RocketMQ.");

        public static readonly PropertyDefinition<int> MaxRegistrations = Int32(
            "maxRegistrations", 1_000_000, 1, live: true,
            description: "Groups that all connections together are members of, and their subscriptions, long ones counting as for " +
                "maxSubscriptionsPerConnection. Beyond it a heartbeat is refused that says more than the connection's last one, and " +
                "more than 16. Counts as one for each 4 KiB of the memory the process may have where that is less. Not in RocketMQ.");

        public static readonly PropertyDefinition<int> MaxSubscriptionsPerConnection = Int32(
            "maxSubscriptionsPerConnection", 10_000, 1, live: true,
            description: "Subscriptions that one connection may have, in all its consumer groups together, one counting once more " +
                "for each 64 characters of its topic, expression and tags; heartbeats that name more are refused. Not in RocketMQ.");

        public static readonly PropertyDefinition<bool> NotifyConsumerIdsChangedEnable = Boolean(
            "notifyConsumerIdsChangedEnable", true, live: true,
            description: "Members of a group are told at once when it changes.");

        public static readonly PropertyDefinition<long> ChannelExpiredTimeout = Int64(
            "channelExpiredTimeout", 120_000, 1_000, live: true,
            description: "Milliseconds without a heartbeat after which a client is gone.");

        /// <summary>All of them.</summary>
        public static readonly IReadOnlyList<PropertyDefinition> All =
        [
            MaxGroupsPerConnection, MaxRegistrations, MaxSubscriptionsPerConnection, NotifyConsumerIdsChangedEnable,
            ChannelExpiredTimeout,
        ];
    }
}
