using RocketOps.Kubernetes.Entities.Schema;

namespace RocketOps.Kubernetes.Models;

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
