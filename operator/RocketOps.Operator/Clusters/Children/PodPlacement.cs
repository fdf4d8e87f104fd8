using System.Globalization;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Pods;
using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Clusters.Children;

/// <summary>Puts what users say of pods into a template. Without anything said the template is the one it was before there was anything to say: nobody's pods restart for a default.</summary>
internal static class PodPlacement
{
    // Set by the StatefulSet's controller since Kubernetes 1.28.
    private const string OrdinalLabel = "apps.kubernetes.io/pod-index";

    private const string HostTopology = "kubernetes.io/hostname";

    private const int PreferMuch = 100;

    /// <param name="template">With the operator's own labels and a spec.</param>
    /// <param name="options">What the user says; null for nothing.</param>
    /// <param name="selector">Selects the pods that are to be apart.</param>
    /// <param name="otherwise">The affinity when the user names none.</param>
    public static PodTemplateSpec Place(PodTemplateSpec template, PodOptions? options, Dictionary<string, string> selector, Affinity? otherwise)
    {
        PodSpec spec = template.Spec!;
        spec.SecurityContext = PodParts.PodSecurity(options?.UserIds ?? PodUserIds.Image);
        spec.TopologySpreadConstraints = options?.TopologySpreadConstraints is { } constraints ? [.. constraints.Select(constraint => About(constraint, selector))] : PodParts.Spread(selector);
        spec.Affinity = options?.Affinity ?? otherwise;
        if (options is null)
        {
            return template;
        }

        spec.NodeSelector = options.NodeSelector is { Count: > 0 } nodes ? nodes : null;
        spec.Tolerations = options.Tolerations is { Count: > 0 } tolerations ? tolerations : null;
        spec.PriorityClassName = options.PriorityClassName;
        template.Metadata!.Annotations = options.Annotations is { Count: > 0 } annotations ? annotations : null;
        foreach ((string key, string value) in options.Labels ?? [])
        {
            // Ours win: sets select by them.
            template.Metadata.Labels!.TryAdd(key, value);
        }

        return template;
    }

    /// <summary>
    /// A node that is lost should not take the masters of several groups along. By ordinal, as all pods of a set have one template and roles are no part of it.
    /// </summary>
    public static Affinity ApartFromFirstMembers(string cluster) => new()
    {
        PodAntiAffinity = new PodAffinity
        {
            PreferredDuringSchedulingIgnoredDuringExecution =
            [
                new WeightedPodAffinityTerm
                {
                    Weight = PreferMuch,
                    PodAffinityTerm = new PodAffinityTerm
                    {
                        TopologyKey = HostTopology,
                        LabelSelector = new LabelSelector
                        {
                            MatchLabels = new Dictionary<string, string>(StringComparer.Ordinal)
                            {
                                [ClusterLabels.Cluster] = cluster,
                                [ClusterLabels.Component] = ClusterLabels.BrokerComponent,
                                [OrdinalLabel] = 0.ToString(CultureInfo.InvariantCulture),
                            },
                        },
                    },
                },
            ],
        },
    };

    /// <summary>A constraint that says nothing of which pods is about those it stands at; Kubernetes would count none.</summary>
    private static TopologySpreadConstraint About(TopologySpreadConstraint constraint, Dictionary<string, string> selector) => constraint.LabelSelector is not null
        ? constraint
        : new TopologySpreadConstraint
        {
            MaxSkew = constraint.MaxSkew,
            TopologyKey = constraint.TopologyKey,
            WhenUnsatisfiable = constraint.WhenUnsatisfiable,
            LabelSelector = new LabelSelector { MatchLabels = selector },
            MinDomains = constraint.MinDomains,
            NodeAffinityPolicy = constraint.NodeAffinityPolicy,
            NodeTaintsPolicy = constraint.NodeTaintsPolicy,
            MatchLabelKeys = constraint.MatchLabelKeys,
        };
}
