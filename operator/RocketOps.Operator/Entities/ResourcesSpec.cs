using RocketOps.Kubernetes.Entities.Schema;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Operator.Entities;

/// <summary>CPU and memory, as in a container.</summary>
[ValidationRule(
    "!has(self.requests) || !has(self.limits) || ['cpu','memory'].all(k, !(k in self.requests) || !(k in self.limits) || quantity(string(self.requests[k])).compareTo(quantity(string(self.limits[k]))) <= 0)",
    "requests must not be larger than limits: no container would be allowed to run.")]
public sealed class ResourcesSpec
{
    [Description("What the scheduler reserves; a small default if absent.")]
    [PropertyLimits(max: 16)]
    public Dictionary<string, Quantity>? Requests { get; set; }

    [Description("What the container may not exceed.")]
    [PropertyLimits(max: 16)]
    public Dictionary<string, Quantity>? Limits { get; set; }
}
