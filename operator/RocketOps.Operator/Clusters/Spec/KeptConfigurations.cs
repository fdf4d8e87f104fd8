using RocketOps.Kubernetes;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Children;

namespace RocketOps.Operator.Clusters.Spec;

/// <summary>Which programs go on with the ConfigMap they have, because the configuration asked for would not be taken.</summary>
internal sealed class KeptConfigurations
{
    public static readonly KeptConfigurations None = new(null, null);

    private readonly IReadOnlyDictionary<string, string>? _groups;

    private KeptConfigurations(IReadOnlyDictionary<string, string>? groups, string? nameServers)
    {
        _groups = groups;
        NameServers = nameServers;
    }

    /// <summary>The name servers' ConfigMap; null when the spec's is made.</summary>
    public string? NameServers { get; }

    /// <summary>The broker groups keep what they have; one that is not there yet cannot be made.</summary>
    public bool KeepsBrokers => _groups is not null;

    /// <summary>A group's ConfigMap; null when it has none to keep.</summary>
    public string? Of(string group) => _groups?.GetValueOrDefault(group);

    /// <param name="observation">The workloads with what they have.</param>
    /// <param name="brokers">The groups keep theirs.</param>
    /// <param name="nameServers">The name servers keep theirs.</param>
    public static KeptConfigurations From(ClusterObservation observation, bool brokers, bool nameServers) => new(
        brokers
            ? observation.Sets.Select(static set => (Name: set.Name(), Map: ConfigOf(set.Spec?.Template?.Spec))).Where(static set => set.Map is not null)
                .ToDictionary(static set => set.Name, static set => set.Map!, StringComparer.Ordinal)
            : null,
        nameServers ? ConfigOf(observation.NameServers?.Spec?.Template?.Spec) : null);

    /// <summary>The ConfigMap that a pod starts with.</summary>
    public static string? ConfigOf(PodSpec? pod) => pod?.Volumes?.Find(static volume => volume.Name == PodParts.ConfigVolume)?.ConfigMap?.Name;
}
