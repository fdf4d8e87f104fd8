using RocketOps.Kubernetes.Entities.Schema;

namespace RocketOps.Kubernetes.Models;

public sealed class Affinity
{
    public NodeAffinity? NodeAffinity { get; set; }

    public PodAffinity? PodAffinity { get; set; }

    public PodAffinity? PodAntiAffinity { get; set; }
}

public sealed class NodeAffinity
{
    public NodeSelector? RequiredDuringSchedulingIgnoredDuringExecution { get; set; }

    public List<PreferredSchedulingTerm>? PreferredDuringSchedulingIgnoredDuringExecution { get; set; }
}

public sealed class PreferredSchedulingTerm
{
    public int Weight { get; set; }

    public NodeSelectorTerm? Preference { get; set; }
}

public sealed class NodeSelector
{
    public List<NodeSelectorTerm>? NodeSelectorTerms { get; set; }
}

public sealed class NodeSelectorTerm
{
    public List<NodeSelectorRequirement>? MatchExpressions { get; set; }

    public List<NodeSelectorRequirement>? MatchFields { get; set; }
}

public sealed class NodeSelectorRequirement
{
    public string Key { get; set; } = "";

    [EnumValues("In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt")]
    public string Operator { get; set; } = "";

    public List<string>? Values { get; set; }
}

/// <summary>Pod affinity and pod anti-affinity have the same shape.</summary>
public sealed class PodAffinity
{
    public List<PodAffinityTerm>? RequiredDuringSchedulingIgnoredDuringExecution { get; set; }

    public List<WeightedPodAffinityTerm>? PreferredDuringSchedulingIgnoredDuringExecution { get; set; }
}

public sealed class WeightedPodAffinityTerm
{
    public int Weight { get; set; }

    public PodAffinityTerm? PodAffinityTerm { get; set; }
}

public sealed class PodAffinityTerm
{
    public LabelSelector? LabelSelector { get; set; }

    public List<string>? Namespaces { get; set; }

    public LabelSelector? NamespaceSelector { get; set; }

    public string TopologyKey { get; set; } = "";

    public List<string>? MatchLabelKeys { get; set; }
}

public sealed class Toleration
{
    public string? Key { get; set; }

    /// <summary>An empty one is Equal.</summary>
    [EnumValues("", "Exists", "Equal")]
    public string? Operator { get; set; }

    public string? Value { get; set; }

    /// <summary>An empty one matches all.</summary>
    [EnumValues("", "NoSchedule", "PreferNoSchedule", "NoExecute")]
    public string? Effect { get; set; }

    public long? TolerationSeconds { get; set; }
}

public sealed class TopologySpreadConstraint
{
    public int MaxSkew { get; set; }

    public string TopologyKey { get; set; } = "";

    [EnumValues("DoNotSchedule", "ScheduleAnyway")]
    public string WhenUnsatisfiable { get; set; } = "";

    public LabelSelector? LabelSelector { get; set; }

    public int? MinDomains { get; set; }

    [EnumValues("Honor", "Ignore")]
    public string? NodeAffinityPolicy { get; set; }

    [EnumValues("Honor", "Ignore")]
    public string? NodeTaintsPolicy { get; set; }

    public List<string>? MatchLabelKeys { get; set; }
}
