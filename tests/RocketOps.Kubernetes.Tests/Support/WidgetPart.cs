using RocketOps.Kubernetes.Entities.Schema;

namespace RocketOps.Kubernetes.Tests.Support;

public sealed class WidgetPart
{
    [Required]
    [Length(1, 10)]
    public string Name { get; set; } = "";

    public double? Weight { get; set; }

    public bool? Spare { get; set; }
}
