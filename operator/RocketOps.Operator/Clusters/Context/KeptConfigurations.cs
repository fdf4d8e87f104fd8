using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Pods;

namespace RocketOps.Operator.Clusters.Context;

/// <summary>
/// Programs that go on with the ConfigMap they have, because the configuration asked for would not be taken; and with the image they have,
/// where the spec names none: another version's program may not take the file that this one runs with.
/// </summary>
internal sealed class KeptConfigurations
{
    public static readonly KeptConfigurations None = new(null, null);

    private readonly IReadOnlyDictionary<string, Program>? _groups;
    private readonly Program? _nameServers;

    private KeptConfigurations(IReadOnlyDictionary<string, Program>? groups, Program? nameServers)
    {
        _groups = groups;
        _nameServers = nameServers;
    }

    /// <summary>The name servers' ConfigMap; null when the spec's is made.</summary>
    public string? NameServers => _nameServers?.Map;

    /// <summary>The name servers' image that goes with it; null when they do not keep theirs.</summary>
    public string? NameServerImage => _nameServers?.Image;

    /// <summary>The broker groups keep what they have; one that is not there yet cannot be made.</summary>
    public bool KeepsBrokers => _groups is not null;

    /// <summary>A group's ConfigMap; null when it has none to keep.</summary>
    public string? Of(string group) => _groups?.GetValueOrDefault(group)?.Map;

    /// <summary>The image that goes with it; null when the group does not keep its own.</summary>
    public string? ImageOf(string group) => _groups?.GetValueOrDefault(group)?.Image;

    /// <param name="observation">The workloads with what they have.</param>
    /// <param name="brokers">The groups keep theirs.</param>
    /// <param name="nameServers">The name servers keep theirs.</param>
    public static KeptConfigurations From(ClusterObservation observation, bool brokers, bool nameServers) => new(
        brokers
            ? observation.Sets.Select(static set => (Name: set.Name(), Program: ProgramOf(set.Spec?.Template?.Spec, PodParts.BrokerContainer))).Where(static set => set.Program is not null)
                .ToDictionary(static set => set.Name, static set => set.Program!, StringComparer.Ordinal)
            : null,
        nameServers ? ProgramOf(observation.NameServers?.Spec?.Template?.Spec, PodParts.NameServerContainer) : null);

    /// <summary>The ConfigMap that a pod starts with.</summary>
    public static string? ConfigOf(PodSpec? pod) => pod?.Volumes?.Find(static volume => volume.Name == PodParts.ConfigVolume)?.ConfigMap?.Name;

    private static Program? ProgramOf(PodSpec? pod, string container) =>
        ConfigOf(pod) is { } map ? new Program(map, pod!.Containers?.Find(found => found.Name == container)?.Image) : null;

    /// <param name="Map">The ConfigMap.</param>
    /// <param name="Image">The image; null when somebody has taken the container away.</param>
    private sealed record Program(string Map, string? Image);
}
