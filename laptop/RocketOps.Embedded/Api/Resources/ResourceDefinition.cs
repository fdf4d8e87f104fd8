using System.Collections.Frozen;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Schema;

namespace RocketOps.Embedded.Api.Resources;

/// <summary>A served resource: its names, its schema and the rules of its kind. Immutable; a changed CRD makes a new one.</summary>
internal sealed class ResourceDefinition
{
    /// <summary>Empty for the core group.</summary>
    public required string Group { get; init; }

    public required string Version { get; init; }

    public required string Kind { get; init; }

    public required string Plural { get; init; }

    public required string Singular { get; init; }

    public required bool Namespaced { get; init; }

    public required IReadOnlyList<string> Verbs { get; init; }

    public required SchemaNode Schema { get; init; }

    public required ResourceRules Rules { get; init; }

    public string ListKindName { get; init; } = string.Empty;

    public IReadOnlyList<string> ShortNames { get; init; } = [];

    public IReadOnlyList<string> Categories { get; init; } = [];

    public IReadOnlyList<ColumnDefinition> Columns { get; init; } = [];

    /// <summary>Defined by a CRD.</summary>
    public bool IsCustom { get; init; }

    public bool HasStatus { get; init; }

    public bool HasLog { get; init; }

    public ScaleDefinition? Scale { get; init; }

    /// <summary>Field selectors beyond metadata.name and metadata.namespace: label → path in the stored object.</summary>
    public FrozenDictionary<string, IReadOnlyList<string>> SelectableFields { get; init; } = FrozenDictionary<string, IReadOnlyList<string>>.Empty;

    /// <summary>The name of the kind's schema in the OpenAPI document.</summary>
    public required string SchemaName { get; init; }

    /// <summary>The CRD's own schema as written, for OpenAPI; null for built-ins.</summary>
    public JsonObject? CustomSchema { get; init; }

    /// <summary>Events are stored once and served by two groups; everybody else is stored under their own name.</summary>
    public string Collection => Plural == "events" ? "/events" : $"{Group}/{Plural}";

    public string GroupVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";

    /// <summary><c>brokerclusters.rocketops.io</c>, or the plural alone in the core group.</summary>
    public string QualifiedPlural => Group.Length == 0 ? Plural : $"{Plural}.{Group}";

    public string QualifiedKind => Group.Length == 0 ? Kind : $"{Kind}.{Group}";

    /// <summary><c>/api/v1</c> or <c>/apis/group/version</c>.</summary>
    public string RootPath => Group.Length == 0 ? $"/api/{Version}" : $"/apis/{Group}/{Version}";

    public bool Allows(string verb) => Verbs.Contains(verb);
}

/// <summary>A printer column. <paramref name="JsonPath"/> is set for custom resources; built-ins compute their cells.</summary>
internal sealed record ColumnDefinition(string Name, string Type, string Format, string Description, int Priority, string? JsonPath = null);

/// <summary>Paths to the numbers of the scale subresource, dotted with a leading dot.</summary>
internal sealed record ScaleDefinition(string SpecReplicasPath, string StatusReplicasPath, string? LabelSelectorPath);
