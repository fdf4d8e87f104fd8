using System.Text.Json;

namespace RocketOps.Kubernetes.Models;

/// <summary>The schema stays JSON-shaped: its node has some forty fields, most of which only travel through.</summary>
public sealed class CustomResourceDefinitionVersion
{
    public string Name { get; set; } = "";

    public bool Served { get; set; }

    public bool Storage { get; set; }

    public bool? Deprecated { get; set; }

    public string? DeprecationWarning { get; set; }

    public JsonElement? Schema { get; set; }

    public JsonElement? Subresources { get; set; }

    public JsonElement? AdditionalPrinterColumns { get; set; }

    public JsonElement? SelectableFields { get; set; }
}
