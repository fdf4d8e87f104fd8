using RocketOps.Broker.Clients;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Failover;
using RocketOps.Broker.Filtering;
using RocketOps.Broker.Groups;
using RocketOps.Broker.Handlers.Assignments;
using RocketOps.Broker.Handlers.Queries;
using RocketOps.Broker.Offsets;
using RocketOps.Broker.Pulling;
using RocketOps.Broker.Registration;
using RocketOps.Broker.Sending;
using RocketOps.Broker.StaticTopics;
using RocketOps.Broker.Statistics;
using RocketOps.Broker.Topics;
using RocketOps.Broker.Transactions;
using RocketOps.Hosting.Properties;

namespace RocketOps.Broker.Hosting;

/// <summary>
/// The configuration keys that this broker knows, with RocketMQ's names and defaults (admin.md §5): those that take effect stand with the feature that reads
/// them, and say so where RocketMQ does not have them; what RocketMQ knows besides is listed in <see cref="ForeignKeys"/>.
/// </summary>
internal static class BrokerCatalog
{
    public static readonly PropertyCatalog All = new(
    [
        .. BrokerOptions.Keys.All,
        .. RegistrationOptions.Keys.All,
        .. RemotingPortOptions.Keys.All,
        .. ClientTableOptions.Keys.All,
        .. TopicTableOptions.Keys.All,
        .. GroupTableOptions.Keys.All,
        .. OffsetOptions.Keys.All,
        .. SendOptions.Keys.All,
        .. PullOptions.Keys.All,
        .. FilterOptions.Keys.All,
        .. QueryOptions.Keys.All,
        .. AssignmentOptions.Keys.All,
        .. PeerOptions.Keys.All,
        .. StatisticsOptions.Keys.All,
        .. DelayOptions.Keys.All,
        .. TimerOptions.Keys.All,
        .. TransactionOptions.Keys.All,
        .. ReplicationOptions.Keys.All,
        .. ElectionSettings.Keys.All,
        .. FailoverOptions.Keys.All,
        .. StoreKeys.All,
        .. ForeignKeys.All,
        .. ObsoleteKeys.All,
    ]);
}
