using RocketOps.Client;
using RocketOps.Operator.Clusters;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Masters;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.ConsumerGroups;

/// <summary>
/// Decides which brokers a ConsumerGroup object may write to: where it has written before; where there is no such group; and where there is
/// one that is as asked for, or that it is told to change. What it may is noted in the status before the first write, so that whatever
/// interrupts the operator, the next pass and a deletion know whose group it is.
/// </summary>
internal static class ConsumerGroupClaims
{
    /// <summary>The group on this broker is the object's: the status says so.</summary>
    public static ConsumerGroupBrokerStatus? Find(ConsumerGroup group, string broker) => group.Status?.GroupName is not null && Entry(group, broker) is { Observed: not true } entry ? entry : null;

    /// <summary>Returns the entry of the status about a broker, whoever's group it is.</summary>
    public static ConsumerGroupBrokerStatus? Entry(ConsumerGroup group, string broker) => group.Status?.Brokers?.Find(last => last.Name == broker);

    /// <summary>The status tells of every broker group of the cluster.</summary>
    public static bool IsEverywhere(ConsumerGroup group, BrokerCluster cluster)
    {
        ClusterNames names = new(cluster.Metadata.Name!, cluster.Metadata.Namespace!);
        return Enumerable.Range(0, cluster.Spec.Brokers.Groups).All(broker => Entry(group, names.Group(broker)) is not null);
    }

    /// <summary>Some broker's group is the object's.</summary>
    public static bool HasAny(ConsumerGroup group) => group.Status is { GroupName: not null, Brokers: { } brokers } && brokers.Exists(static broker => broker.Observed is not true);

    /// <summary>
    /// Returns true when a group that is found on a broker, without the object having written there, may become the object's.
    /// </summary>
    public static bool MayTake(ConsumerGroupSpec spec, SubscriptionGroupConfig? found) => found is null || spec.AdoptionPolicy switch
    {
        AdoptionPolicy.Adopt => true,
        AdoptionPolicy.Fail => false,
        _ => ConsumerGroupSettings.Difference(spec, found) is null,
    };

    /// <summary>The problem of a group that was there before and may not be taken.</summary>
    public static Problem Conflict(string group, ConsumerGroupSpec spec, IReadOnlyList<(string Broker, SubscriptionGroupConfig Found)> brokers) => spec.AdoptionPolicy == AdoptionPolicy.Fail
        ? AdoptionRefusal.Problem($"Consumer group {group}", brokers.Select(static broker => broker.Broker))
        : new Problem(
            Reasons.Conflict,
            $"Consumer group {group} was there before this object and differs on {AlikeBrokers.Describe(brokers.Select(broker => (broker.Broker, ConsumerGroupSettings.Difference(spec, broker.Found) ?? "")))}. Nothing was changed there. Ask for what is there, or set spec.adoptionPolicy: Adopt to have it changed, or spec.managementPolicy: Observe to watch it only.");
}
