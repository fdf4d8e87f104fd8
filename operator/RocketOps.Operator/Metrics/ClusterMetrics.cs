using System.Diagnostics.Metrics;
using RocketOps.Kubernetes.Controllers;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Informers;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Masters;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Settings;

namespace RocketOps.Operator.Metrics;

/// <summary>
/// Metrics of the clusters that the operator knows, from its caches, when somebody asks. One series per cluster and figure.
/// </summary>
internal sealed class ClusterMetrics
{
    private readonly IEntityCache<BrokerCluster> _clusters;
    private readonly MasterIndex<Topic> _topics;
    private readonly MasterIndex<ConsumerGroup> _groups;

    public ClusterMetrics(IMeterFactory factory, OperatorHealth health, IEntityCache<BrokerCluster> clusters, MasterIndex<Topic> topics, MasterIndex<ConsumerGroup> groups)
    {
        _clusters = clusters;
        _topics = topics;
        _groups = groups;
        Meter meter = factory.Create(OperatorMeter.Name);
        meter.CreateObservableGauge("rocketops.operator.leader", () => health.IsLeader ? 1 : 0, null, "1 in the process that works, 0 in one that stands by.");
        Gauge("rocketops.cluster.groups", "Broker groups asked for.", static cluster => cluster.Spec.Brokers.Groups);
        Gauge("rocketops.cluster.groups.ready", "Broker groups whose master takes messages.", static cluster => cluster.Status?.ReadyGroups ?? 0);
        Gauge("rocketops.cluster.groups.without_master", "Broker groups that nobody leads.", static cluster => cluster.Spec.Brokers.Groups - (cluster.Status?.Groups?.Count(static group => group.Master is not null) ?? 0));
        Gauge("rocketops.cluster.nameservers.ready", "Name servers that serve.", static cluster => cluster.Status?.ReadyNameServers ?? 0);
        Gauge("rocketops.cluster.members.outdated", "Brokers that still run an older configuration or image.", static cluster => Members(cluster).Count(static member => member.Outdated == true));
        Gauge("rocketops.cluster.topics", "Topic objects.", cluster => _topics.Of(cluster).Count);
        Gauge("rocketops.cluster.topics.not_ready", "Topic objects that are not ready.", cluster => _topics.Of(cluster).Count(static topic => !Conditions.IsTrue(topic.Status?.Conditions, ConditionTypes.Ready)));
        Gauge("rocketops.cluster.topics.unmanaged", "Topics on masters that no Topic object speaks of, as in the cluster's status.", static cluster => cluster.Status?.UnmanagedTopics?.Count ?? 0);
        Gauge("rocketops.cluster.consumer_groups", "ConsumerGroup objects.", cluster => _groups.Of(cluster).Count);
        Gauge("rocketops.cluster.consumer_groups.not_ready", "ConsumerGroup objects that are not ready.", cluster => _groups.Of(cluster).Count(static group => !Conditions.IsTrue(group.Status?.Conditions, ConditionTypes.Ready)));
        meter.CreateObservableGauge("rocketops.cluster.replication.lag", () => Observe(static cluster => Members(cluster).Max(static member => member.LagBytes) ?? 0), "By", "What the slave that is farthest behind lacks of its master's log, as in the cluster's status: 0 for less than 1 MiB, else rounded up to a power of two.");
        meter.CreateObservableGauge("rocketops.cluster.groups.not_ready", Faults, null, "Broker groups that take no messages, by the reason of each in the cluster's status.");
        meter.CreateObservableGauge("rocketops.cluster.condition", States, null, "1 while the condition is true, 0 otherwise.");

        void Gauge(string name, string description, Func<BrokerCluster, long> figure) => meter.CreateObservableGauge(name, () => Observe(figure), null, description);
    }

    private static IEnumerable<BrokerMemberStatus> Members(BrokerCluster cluster) => cluster.Status?.Groups?.SelectMany(static group => group.Members ?? []) ?? [];

    private static KeyValuePair<string, object?>[] Labels(BrokerCluster cluster) => [new("namespace", cluster.Namespace()), new("cluster", cluster.Name())];

    private IEnumerable<Measurement<long>> Observe(Func<BrokerCluster, long> figure) => _clusters.List().Select(cluster => new Measurement<long>(figure(cluster), Labels(cluster)));

    private IEnumerable<Measurement<long>> States() =>
        from cluster in _clusters.List()
        from condition in cluster.Status?.Conditions ?? []
        select new Measurement<long>(condition.Status == ConditionStatus.True ? 1 : 0, [.. Labels(cluster), new("condition", condition.Type)]);

    /// <summary>Returns the number of groups for each reason there is, so that a series does not come and go.</summary>
    private IEnumerable<Measurement<long>> Faults() =>
        from cluster in _clusters.List()
        from reason in MasterRefusals.Faults
        select new Measurement<long>(cluster.Status?.Groups?.Count(one => one.Reason == reason) ?? 0, [.. Labels(cluster), new("reason", reason)]);
}
