using System.Text.RegularExpressions;
using RocketOps.Kubernetes;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Clusters;

/// <summary>
/// Says why a cluster cannot be brought to what its object asks for. The rules of the schema are repeated here because an object may be older
/// than they are, and because not every API server evaluates them; others need to see what is there already.
/// </summary>
internal static partial class ClusterValidator
{
    // Nobody wants a smaller volume: a number below it lacks its unit.
    private static readonly Quantity SmallestVolume = Quantity.Parse("1Mi");

    /// <summary>The first problem found; null when there is none.</summary>
    public static Problem? Check(ClusterContext context, ClusterObservation observation) =>
        CheckName(context.Names.Cluster)
        ?? CheckBounds(context.Spec)
        ?? CheckConfig("brokers.config", context.Spec.Brokers.Config, BrokerConfigKeys.OwnedByBroker)
        ?? CheckConfig("nameServer.config", context.Spec.NameServer.Config, BrokerConfigKeys.OwnedByNameServer)
        ?? CheckReplication(context.Spec)
        ?? CheckGroups(context, observation)
        ?? CheckStorage(context, observation);

    private static Problem? CheckName(string name)
    {
        if (name.Length > ClusterNames.MaxClusterNameLength)
        {
            return new Problem(
                Reasons.InvalidName,
                $"metadata.name may have at most {ClusterNames.MaxClusterNameLength} characters, since the names of pods and Services are made from it; make the cluster again with a shorter name.");
        }

        return ServiceName().IsMatch(name)
            ? null
            : new Problem(Reasons.InvalidName, "metadata.name must start with a letter and hold only lower-case letters, digits and '-': Services are named after it.");
    }

    private static Problem? CheckBounds(BrokerClusterSpec spec)
    {
        if (spec.Brokers.Storage.Size < SmallestVolume)
        {
            return new Problem(Reasons.InvalidSpec, $"brokers.storage.size must be at least {SmallestVolume}, not {spec.Brokers.Storage.Size}: give a unit, as in 20Gi.");
        }

        if (spec.Brokers.Groups < 1 || spec.Brokers.Replicas < 1 || spec.NameServer.Replicas < 1)
        {
            return new Problem(Reasons.InvalidSpec, "brokers.groups, brokers.replicas and nameServer.replicas must be at least 1.");
        }

        return null;
    }

    private static Problem? CheckConfig(string field, Dictionary<string, string>? config, IReadOnlySet<string> owned)
    {
        if (config is null)
        {
            return null;
        }

        string[] refused = config.Keys.Where(owned.Contains).Order(StringComparer.Ordinal).ToArray();
        return refused.Length == 0
            ? null
            : new Problem(Reasons.InvalidConfig, $"{field} may not set {string.Join(", ", refused)}: the operator does. Remove it.");
    }

    private static Problem? CheckReplication(BrokerClusterSpec spec)
    {
        ReplicationSpec replication = spec.Replication;
        if (replication.Failover == FailoverMode.Automatic)
        {
            return new Problem(Reasons.NotSupported, "replication.failover Automatic is not supported by this version: nothing elects a master. Use None.");
        }

        if (replication.MinInSync > spec.Brokers.Replicas)
        {
            return new Problem(
                Reasons.InvalidSpec,
                $"replication.minInSync is {replication.MinInSync}, but a group has {spec.Brokers.Replicas} member(s), so no message could ever be taken. Raise brokers.replicas or lower it.");
        }

        if (replication.Mode == ReplicationMode.Async)
        {
            return replication.MinInSync == 1
                ? null
                : new Problem(Reasons.InvalidSpec, $"replication.minInSync {replication.MinInSync} needs replication.mode Sync: with Async a message is acknowledged when the master alone has it.");
        }

        if (spec.Brokers.Replicas == 1)
        {
            return new Problem(Reasons.InvalidSpec, "replication.mode Sync needs brokers.replicas of at least 2: a group of one has no slave that could have a message.");
        }

        string[] both = BrokerConfigFile.SyncKeys.Where(key => spec.Brokers.Config?.ContainsKey(key) == true).ToArray();
        return both.Length == 0
            ? null
            : new Problem(Reasons.InvalidConfig, $"brokers.config may not set {string.Join(", ", both)} with replication.mode Sync: replication.minInSync does. Remove it.");
    }

    private static Problem? CheckGroups(ClusterContext context, ClusterObservation observation)
    {
        HashSet<string> wanted = context.Groups.ToHashSet(StringComparer.Ordinal);
        string[] surplus = observation.Sets.Select(static set => set.Name()).Where(name => !wanted.Contains(name)).Order(StringComparer.Ordinal).ToArray();
        return surplus.Length == 0
            ? null
            : new Problem(
                Reasons.NotSupported,
                $"brokers.groups cannot shrink to {context.Spec.Brokers.Groups}: the messages of {string.Join(", ", surplus)} cannot be moved yet. Set it back to {observation.Sets.Count}.");
    }

    private static Problem? CheckStorage(ClusterContext context, ClusterObservation observation)
    {
        StorageSpec storage = context.Spec.Brokers.Storage;
        foreach (StatefulSet set in observation.Sets)
        {
            PersistentVolumeClaimSpec? claim = set.Spec?.VolumeClaimTemplates?.Find(static template => template.Name() == ClusterNames.DataVolume)?.Spec;
            if (claim is null)
            {
                continue;
            }

            if (claim.StorageClassName != storage.StorageClassName)
            {
                return new Problem(
                    Reasons.Immutable,
                    $"brokers.storage.storageClassName cannot change: the claims of {set.Name()} have {claim.StorageClassName ?? "the default class"}. Set it back.");
            }

            Quantity? size = claim.Resources?.Requests?.GetValueOrDefault("storage");
            if (size is not null && size != storage.Size)
            {
                return storage.Size < size
                    ? new Problem(Reasons.Immutable, $"brokers.storage.size cannot shrink: the claims of {set.Name()} have {size}. Set it back.")
                    : new Problem(Reasons.NotSupported, $"brokers.storage.size cannot grow in this version: the claims of {set.Name()} have {size}. Set it back.");
            }
        }

        return null;
    }

    [GeneratedRegex("^[a-z]([-a-z0-9]*[a-z0-9])?$", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ServiceName();
}
