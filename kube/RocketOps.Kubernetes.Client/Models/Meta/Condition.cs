using System.Text.Json.Serialization;
using RocketOps.Kubernetes.Entities.Schema;

namespace RocketOps.Kubernetes.Models;

/// <summary>One statement about an object; a list of them is a map by type. Written through <see cref="Conditions"/>, which keeps the times right.</summary>
public sealed class Condition
{
    [Required]
    [Length(1, 316)]
    public string Type { get; set; } = "";

    /// <summary><c>True</c>, <c>False</c> or <c>Unknown</c>; see <see cref="ConditionStatus"/>.</summary>
    [Required]
    [EnumValues("True", "False", "Unknown")]
    public string Status { get; set; } = "";

    public long? ObservedGeneration { get; set; }

    /// <summary>Changes only when the status does, not with reason or message.</summary>
    [Required]
    [JsonConverter(typeof(KubernetesTimeConverter))]
    public DateTimeOffset? LastTransitionTime { get; set; }

    /// <summary>CamelCase, for programs. Never empty.</summary>
    [Required]
    [Length(1, 1024)]
    public string Reason { get; set; } = "";

    /// <summary>Text for people, without values that change by themselves (counters, times): each would be a write.</summary>
    [Required]
    [Length(0, 32768)]
    public string Message { get; set; } = "";
}

public static class ConditionStatus
{
    public const string True = "True";
    public const string False = "False";
    public const string Unknown = "Unknown";
}
