using RocketOps.Kubernetes;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Clusters.Spec;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Hosting;

namespace RocketOps.Operator.Clusters;

/// <summary>
/// All that the wanted state of a cluster follows from: what of the object's spec is honoured, the operator's defaults, who is what in each group, and what is kept of the
/// sets that are there. No clock, no I/O.
/// </summary>
internal sealed class ClusterContext
{
    private readonly Dictionary<string, int> _present = new(StringComparer.Ordinal);
    private readonly HashSet<string> _withoutSpread = new(StringComparer.Ordinal);

    /// <summary>A cluster of which nothing is there yet.</summary>
    public ClusterContext(BrokerCluster cluster, OperatorImages images, IGroupLeadership leadership)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(leadership);
        Cluster = cluster;
        Spec = cluster.Spec;
        Images = images;
        Leadership = leadership;
        Names = new ClusterNames(
            cluster.Metadata.Name ?? throw new ArgumentException("The cluster has no name.", nameof(cluster)),
            cluster.Metadata.Namespace ?? throw new ArgumentException("The cluster has no namespace.", nameof(cluster)));
    }

    public BrokerCluster Cluster { get; }

    /// <summary>What of the object's spec is honoured: where a field cannot be, it has the value that is in effect.</summary>
    public BrokerClusterSpec Spec { get; private init; }

    /// <summary>What goes on with the configuration it has instead of the spec's.</summary>
    public KeptConfigurations Kept { get; private init; } = KeptConfigurations.None;

    public OperatorImages Images { get; }

    public IGroupLeadership Leadership { get; }

    public ClusterNames Names { get; }

    /// <summary>What was found of groups that elect their master.</summary>
    public GroupFacts Facts { get; private init; } = GroupFacts.None;

    /// <summary>The members of a group elect their master.</summary>
    public bool IsAutomatic => Spec.Replication.Failover == FailoverMode.Automatic;

    /// <summary>Brokers register with the addresses of Services.</summary>
    public bool UsesServiceAddresses => IsAutomatic && Spec.Replication.Addressing == AddressingMode.Service;

    public IEnumerable<string> Groups => Enumerable.Range(0, Spec.Brokers.Groups).Select(Names.Group);

    /// <summary>Where a group's master is reached, whoever that is; null until its Service has an address.</summary>
    public string? MasterAddress(string group) => Facts.Addresses.GetValueOrDefault(ClusterNames.GroupMaster(group));

    /// <summary>Where a member is reached, whichever pod it is; null until its Service has an address.</summary>
    public string? MemberAddress(string group, int ordinal) => Facts.Addresses.GetValueOrDefault(ClusterNames.Member(group, ordinal));

    /// <summary>All addresses that stand in the members' configuration are known.</summary>
    public bool IsAddressed(string group) =>
        !UsesServiceAddresses || (MasterAddress(group) is not null && Enumerable.Range(0, MembersOf(group)).All(ordinal => MemberAddress(group, ordinal) is not null));

    /// <summary>
    /// Members a group has now: never fewer than wanted, and more while some are on their way out. A set loses its members one at a time, by a step of its own.
    /// </summary>
    public int MembersOf(string group) => Math.Max(Spec.Brokers.Replicas, _present.GetValueOrDefault(group));

    /// <summary>Whether brokers of a group keep away from the first members of others by default. Not in sets that were made before there was that default: their pods would restart.</summary>
    public bool SpreadsFirstMembers(string group) => !_withoutSpread.Contains(group);

    /// <summary>The same cluster with what of its spec is honoured, and with the sets that are there.</summary>
    public ClusterContext Honouring(HonouredSpec honoured, ClusterObservation observation) =>
        new ClusterContext(Cluster, Images, Leadership) { Spec = honoured.Spec, Kept = honoured.Kept, Facts = Facts }.With(observation);

    /// <summary>The same cluster with what was found of its groups.</summary>
    public ClusterContext Knowing(GroupFacts facts)
    {
        ClusterContext next = new ClusterContext(Cluster, Images, IsAutomatic ? new LeaseLeadership(facts.Leases) : Leadership) { Spec = Spec, Kept = Kept, Facts = facts };
        foreach ((string name, int members) in _present)
        {
            next._present[name] = members;
        }

        next._withoutSpread.UnionWith(_withoutSpread);
        return next;
    }

    /// <summary>The same cluster with the sets that are there.</summary>
    public ClusterContext Seeing(ClusterObservation observation) => new ClusterContext(Cluster, Images, Leadership) { Spec = Spec, Kept = Kept, Facts = Facts }.With(observation);

    /// <summary>The same cluster when a group has one member fewer.</summary>
    public ClusterContext WithoutLastMember(string group)
    {
        ClusterContext next = new ClusterContext(Cluster, Images, Leadership) { Spec = Spec, Kept = Kept, Facts = Facts };
        foreach ((string name, int members) in _present)
        {
            next._present[name] = name == group ? members - 1 : members;
        }

        next._withoutSpread.UnionWith(_withoutSpread);
        return next;
    }

    private ClusterContext With(ClusterObservation observation)
    {
        foreach (Kubernetes.Models.StatefulSet set in observation.Sets)
        {
            _present[set.Name()] = set.Spec?.Replicas ?? 1;
            if (set.Spec?.Template?.Spec?.Affinity is null)
            {
                _withoutSpread.Add(set.Name());
            }
        }

        return this;
    }
}
