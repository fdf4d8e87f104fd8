using System.Text.Json;

namespace RocketOps.Kubernetes.Models;

public sealed class CustomResourceDefinitionSpec
{
    public string Group { get; set; } = "";

    public CustomResourceDefinitionNames? Names { get; set; }

    public string Scope { get; set; } = "";

    public List<CustomResourceDefinitionVersion>? Versions { get; set; }

    public JsonElement? Conversion { get; set; }

    public bool? PreserveUnknownFields { get; set; }
}
