using System.Text.Json.Serialization;
using RocketOps.Kubernetes.Entities.Schema;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Operator.Entities;

/// <summary>
/// Placement of pods, and what else is on them: the part of a pod template that is the user's. A change restarts the pods, one at a time.
/// </summary>
public sealed class PodOptions
{
    [Description("Labels of the pods besides the operator's own.")]
    [PropertyLimits(max: 32)]
    [ValidationRule("!self.exists(k, k.startsWith('rocketops.io/') || k.startsWith('app.kubernetes.io/'))", "labels of rocketops.io and app.kubernetes.io are the operator's.")]
    public Dictionary<string, string>? Labels { get; set; }

    [Description("Annotations of the pods.")]
    [PropertyLimits(max: 64)]
    public Dictionary<string, string>? Annotations { get; set; }

    [Description("Labels a node must have.")]
    [PropertyLimits(max: 32)]
    public Dictionary<string, string>? NodeSelector { get; set; }

    [Description("Taints of nodes that the pods tolerate.")]
    [Items(max: 32)]
    public List<Toleration>? Tolerations { get; set; }

    [Description("Affinity to nodes and other pods. If absent, brokers prefer nodes without the first member of another group, which is its master while nothing has failed.")]
    public Affinity? Affinity { get; set; }

    [Description("How the pods spread over nodes and zones. If absent, members of a group, and name servers, prefer different nodes and zones.")]
    [Items(max: 8)]
    public List<TopologySpreadConstraint>? TopologySpreadConstraints { get; set; }

    [Description("Priority class of the pods.")]
    [Length(1, 253)]
    public string? PriorityClassName { get; set; }

    [Description("Image sets user, group and volume group to those the images are made for (10001). Platform leaves all three to the platform, as OpenShift's restricted-v2 wants it.")]
    [DefaultValue("Image")]
    public PodUserIds UserIds { get; set; } = PodUserIds.Image;
}

/// <summary>Source of the user ids that programs run as.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<PodUserIds>))]
public enum PodUserIds
{
    /// <summary>The images: 10001.</summary>
    Image,

    /// <summary>The platform, such as OpenShift, from a range of its own.</summary>
    Platform,
}
