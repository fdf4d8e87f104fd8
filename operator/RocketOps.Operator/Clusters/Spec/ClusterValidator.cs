using System.Text.RegularExpressions;
using RocketOps.Hosting.Properties;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Marks;
using RocketOps.Operator.Clusters.Spec.Keys;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Clusters.Spec;

/// <summary>
/// Says what of a cluster's spec can be honoured, and why the rest cannot. The rules of the schema are repeated here because an object may be older than they are, and because
/// not every API server evaluates them; others need to see what is there already.
/// </summary>
internal static partial class ClusterValidator
{
    // Nobody wants a smaller volume: a number below it lacks its unit.
    private static readonly Quantity SmallestVolume = Quantity.Parse("1Mi");

    public static EffectiveSpec Check(ClusterContext context, ClusterObservation observation)
    {
        BrokerClusterSpec asked = context.Spec;
        if (FindHopeless(context) is { } hopeless)
        {
            return new EffectiveSpec(asked, asked.Brokers.Groups, KeptConfigurations.None, hopeless, Blocked: true);
        }

        Problem? brokers = CheckConfig("brokers.config", asked.Brokers.Config, BrokerConfigKeys.OwnedByBroker, context.RunsThisVersion(asked.Brokers.Image) ? ProgramKeys.Broker : null) ?? CheckReplication(asked) ?? ElectionCheck.Find(context, observation);
        Problem? claims = ElectionCheck.FindClaims(observation) ?? ElectionCheck.FindLeftOut(observation);
        Problem? nameServers = CheckConfig("nameServer.config", asked.NameServer.Config, BrokerConfigKeys.OwnedByNameServer, context.RunsThisVersion(asked.NameServer.Image) ? ProgramKeys.NameServer : null);
        Problem? groups = CheckGroups(context, observation);
        Problem? storage = CheckStorage(asked.Brokers.Storage, observation);
        Problem? members = CheckMembers(context, observation);
        Problem? resources = CheckResources("brokers.resources", asked.Brokers.Resources) ?? CheckResources("nameServer.resources", asked.NameServer.Resources);
        Problem? first = brokers ?? claims ?? nameServers ?? groups ?? storage ?? members ?? resources;
        if (first is null)
        {
            return new EffectiveSpec(WithLeavingGroups(asked, context, observation), asked.Brokers.Groups, KeptConfigurations.None, null, Blocked: false);
        }

        if (((brokers ?? claims) is not null && observation.Sets.Count == 0) || (nameServers is not null && observation.NameServers is null) || ((storage ?? resources) is not null && observation.Sets.Count == 0))
        {
            return new EffectiveSpec(asked, asked.Brokers.Groups, KeptConfigurations.None, first, Blocked: true);
        }

        BrokerClusterSpec honoured = SpecCopy.Of(asked);
        int there = GroupsThere(context, observation);

        // A group that is not there yet has no configuration to keep.
        honoured.Brokers.Groups = (groups ?? brokers ?? claims) is not null ? there : Math.Max(asked.Brokers.Groups, there);
        int staying = groups is not null ? there : Math.Min(asked.Brokers.Groups, honoured.Brokers.Groups);

        if (storage is not null && Claim(observation) is { } claim)
        {
            honoured.Brokers.Storage.Size = observation.Sets.Max(ClaimTemplate.SizeOf) ?? asked.Brokers.Storage.Size;
            honoured.Brokers.Storage.StorageClassName = claim.StorageClassName;
        }

        if (resources is not null)
        {
            honoured.Brokers.Resources = Resources(observation.Sets.Count > 0 ? observation.Sets[0].Spec?.Template : null);
            honoured.NameServer.Resources = Resources(observation.NameServers?.Spec?.Template);
        }

        if (claims is not null)
        {
            // Another member would have such a claim.
            honoured.Brokers.Replicas = MembersThere(observation);
        }
        else if (members is not null || brokers is not null)
        {
            // A configuration that stays is one for the members there are: with fewer of them it might take no messages.
            honoured.Brokers.Replicas = Math.Max(asked.Brokers.Replicas, MembersThere(observation));
        }

        if (observation.Sets is [{ } set, ..])
        {
            honoured.Replication.Failover = ElectionCheck.IsElected(set) ? FailoverMode.Automatic : FailoverMode.None;
        }

        return new EffectiveSpec(honoured, staying, KeptConfigurations.From(observation, brokers is not null, nameServers is not null), first, Blocked: false);
    }

    /// <summary>Returns the problem of a cluster of which nothing can be made or found; null when there is none.</summary>
    public static Problem? FindHopeless(ClusterContext context) => CheckName(context.Names.Cluster) ?? CheckBounds(context.Spec);

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

    private static Problem? CheckBounds(BrokerClusterSpec spec) => spec.Brokers.Groups < 1 || spec.Brokers.Replicas < 1 || spec.NameServer.Replicas < 1
        ? new Problem(Reasons.InvalidSpec, "brokers.groups, brokers.replicas and nameServer.replicas must be at least 1.")
        : null;

    /// <param name="field">Where it stands.</param>
    /// <param name="config">What is asked for.</param>
    /// <param name="owned">Keys the operator sets.</param>
    /// <param name="known">The program's keys; null for one of somebody's own image, which may be of another version.</param>
    private static Problem? CheckConfig(string field, Dictionary<string, string>? config, IReadOnlySet<string> owned, PropertyCatalog? known)
    {
        if (config is null)
        {
            return null;
        }

        string[] refused = config.Keys.Where(owned.Contains).Order(StringComparer.Ordinal).ToArray();
        if (refused.Length > 0)
        {
            return new Problem(Reasons.InvalidConfig, $"{field} may not set {string.Join(", ", refused)}: the operator does. Remove it.");
        }

        return known is not null && ProgramKeys.Refusal(known, config) is { } refusal
            ? new Problem(Reasons.InvalidConfig, $"{field} would not be taken: {refusal}{(refusal.EndsWith('?') ? "" : ".")} What runs keeps the configuration and the image it has; set it right, or set it back.")
            : null;
    }

    private static Problem? CheckResources(string field, ResourcesSpec? resources)
    {
        string? above = resources?.Requests?.Keys
            .Where(name => resources.Limits?.TryGetValue(name, out Quantity? limit) == true && limit < resources.Requests[name])
            .Order(StringComparer.Ordinal)
            .FirstOrDefault();
        return above is null
            ? null
            : new Problem(Reasons.InvalidSpec, $"{field}.requests asks for more {above} ({resources!.Requests![above]}) than limits allow ({resources.Limits![above]}). Raise the limit or lower the request; what runs keeps what it has.");
    }

    private static Problem? CheckReplication(BrokerClusterSpec spec)
    {
        ReplicationSpec replication = spec.Replication;
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

        return CheckSyncKeys(spec);
    }

    internal static Problem? CheckSyncKeys(BrokerClusterSpec spec)
    {
        string[] both = BrokerConfigKeys.SyncKeys.Where(key => spec.Brokers.Config?.ContainsKey(key) == true).ToArray();
        return both.Length == 0
            ? null
            : new Problem(Reasons.InvalidConfig, $"brokers.config may not set {string.Join(", ", both)} with replication.mode Sync or failover Automatic: replication.minInSync does. Remove it.");
    }

    private static Problem? CheckGroups(ClusterContext context, ClusterObservation observation) =>
        ClusterAnnotations.IsProtected(context.Cluster) && context.Spec.Brokers.Groups < GroupsThere(context, observation)
            ? new Problem(
                Reasons.DeletionProtected,
                $"brokers.groups cannot shrink to {context.Spec.Brokers.Groups} while the annotation {ClusterAnnotations.DeletionProtection} protects the cluster. Set it back to {GroupsThere(context, observation)}, or remove the annotation.")
            : null;

    private static Problem? CheckMembers(ClusterContext context, ClusterObservation observation) =>
        ClusterAnnotations.IsProtected(context.Cluster) && context.Spec.Brokers.Replicas < MembersThere(observation)
            ? new Problem(
                Reasons.DeletionProtected,
                $"brokers.replicas cannot shrink to {context.Spec.Brokers.Replicas} while the annotation {ClusterAnnotations.DeletionProtection} protects the cluster. Set it back to {MembersThere(observation)}, or remove the annotation.")
            : null;

    private static Problem? CheckStorage(StorageSpec storage, ClusterObservation observation)
    {
        foreach (StatefulSet set in observation.Sets)
        {
            if (ClaimTemplate.Of(set) is not { } claim)
            {
                continue;
            }

            if (claim.StorageClassName != storage.StorageClassName)
            {
                return new Problem(
                    Reasons.Immutable,
                    $"brokers.storage.storageClassName cannot change: the claims of {set.Name()} have {claim.StorageClassName ?? "the default class"}. Set it back.");
            }

            if (ClaimTemplate.SizeOf(claim) is { } size && storage.Size < size)
            {
                return new Problem(Reasons.Immutable, $"brokers.storage.size cannot shrink: the claims of {set.Name()} have {size}. Set it back.");
            }
        }

        return storage.Size < SmallestVolume
            ? new Problem(Reasons.InvalidSpec, $"brokers.storage.size must be at least {SmallestVolume}, not {storage.Size}: give a unit, as in 20Gi.")
            : null;
    }

    /// <summary>Returns a copy of the spec with the groups that are on their way out.</summary>
    private static BrokerClusterSpec WithLeavingGroups(BrokerClusterSpec asked, ClusterContext context, ClusterObservation observation)
    {
        int there = GroupsThere(context, observation);
        if (there <= asked.Brokers.Groups)
        {
            return asked;
        }

        BrokerClusterSpec honoured = SpecCopy.Of(asked);
        honoured.Brokers.Groups = there;
        return honoured;
    }

    /// <summary>Returns the number of groups up to the last one that is there, or whose pods are while its set is made again.</summary>
    private static int GroupsThere(ClusterContext context, ClusterObservation observation)
    {
        HashSet<string> there = observation.Sets.Select(static set => set.Name()).Concat(observation.Recreated).ToHashSet(StringComparer.Ordinal);
        int last = Enumerable.Range(0, BrokersSpec.MaxGroups).LastOrDefault(index => there.Contains(context.Names.Group(index)), -1);
        return last + 1;
    }

    private static int MembersThere(ClusterObservation observation) => observation.Sets.Select(WantedMembers.Of).DefaultIfEmpty(0).Max();

    private static ResourcesSpec? Resources(PodTemplateSpec? template) => template?.Spec?.Containers is [{ Resources: { } resources }, ..]
        ? new ResourcesSpec { Requests = resources.Requests, Limits = resources.Limits }
        : null;

    private static PersistentVolumeClaimSpec? Claim(ClusterObservation observation) => observation.Sets.Select(ClaimTemplate.Of).FirstOrDefault(static claim => claim is not null);

    [GeneratedRegex("^[a-z]([-a-z0-9]*[a-z0-9])?$", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ServiceName();
}
