using System.Text.Json;
using RocketOps.Kubernetes.Entities;

namespace RocketOps.Kubernetes.Models;

[KubernetesEntity(Group = "apiextensions.k8s.io", ApiVersion = "v1", Kind = "CustomResourceDefinition", PluralName = "customresourcedefinitions")]
[EntityScope(EntityScope.Cluster)]
public sealed class CustomResourceDefinition : IKubernetesObject
{
    public string ApiVersion { get; set; } = "apiextensions.k8s.io/v1";

    public string Kind { get; set; } = "CustomResourceDefinition";

    public ObjectMeta Metadata { get; set; } = new();

    public CustomResourceDefinitionSpec? Spec { get; set; }

    public CustomResourceDefinitionStatus? Status { get; set; }
}

public sealed class CustomResourceDefinitionSpec
{
    public string Group { get; set; } = "";

    public CustomResourceDefinitionNames? Names { get; set; }

    public string Scope { get; set; } = "";

    public List<CustomResourceDefinitionVersion>? Versions { get; set; }

    public JsonElement? Conversion { get; set; }

    public bool? PreserveUnknownFields { get; set; }
}

public sealed class CustomResourceDefinitionNames
{
    public string Plural { get; set; } = "";

    public string? Singular { get; set; }

    public List<string>? ShortNames { get; set; }

    public string Kind { get; set; } = "";

    public string? ListKind { get; set; }

    public List<string>? Categories { get; set; }
}

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

public sealed class CustomResourceDefinitionStatus
{
    public List<Condition>? Conditions { get; set; }

    public CustomResourceDefinitionNames? AcceptedNames { get; set; }

    public List<string>? StoredVersions { get; set; }
}
