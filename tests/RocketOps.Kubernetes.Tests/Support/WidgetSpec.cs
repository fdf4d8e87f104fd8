using System.Text.Json;
using RocketOps.Kubernetes.Entities.Schema;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Kubernetes.Tests.Support;

[ValidationRule("self.replicas >= self.minimum", "replicas must not be less than minimum.")]
public sealed class WidgetSpec
{
    [Required]
    [Pattern("^[a-z]+$")]
    [Length(1, 20)]
    [Description("What it is called.")]
    [ValidationRule("self == oldSelf", "title cannot be changed: delete the widget and create another one.")]
    [PrinterColumn("Title", Priority = 1)]
    public string Title { get; set; } = "";

    [RangeMinimum(0)]
    [RangeMaximum(9)]
    [DefaultValue(1)]
    [PrinterColumn("Replicas")]
    public int Replicas { get; set; } = 1;

    [RangeMinimum(0)]
    [MultipleOf(1)]
    [DefaultValue(0)]
    public int Minimum { get; set; }

    [DefaultValue(WidgetColor.Red)]
    public WidgetColor Color { get; set; }

    public Quantity? Size { get; set; }

    public IntOrString? Port { get; set; }

    [Items(max: 10)]
    [ListSet]
    public List<string>? Tags { get; set; }

    [Items(max: 10)]
    [ListMapKeys("name")]
    public List<WidgetPart>? Parts { get; set; }

    [PropertyLimits(max: 10)]
    public Dictionary<string, string>? Config { get; set; }

    [AtomicMap]
    public WidgetPart? Main { get; set; }

    [PreserveUnknownFields]
    public JsonElement? Extra { get; set; }
}
