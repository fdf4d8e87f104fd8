using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Builtins;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Resources;
using RocketOps.Embedded.Api.Schema;

namespace RocketOps.Embedded.Tests.Api;

/// <summary>kinds.yaml as a whole; what a kind answers is compared with a real server by the conformance cases.</summary>
public sealed class BuiltinKindTests
{
    private const int Depth = 9;

    private static readonly BuiltinCatalog Catalog = BuiltinCatalog.Instance;

    public static TheoryData<string> Kinds => [.. Catalog.Resources.Where(r => r.Columns.Count > 0).Select(r => r.QualifiedKind)];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Rules_ObjectsOfAnyFill_AreTakenAndShownInEveryColumn(string kind)
    {
        ResourceDefinition resource = Catalog.Resources.Single(r => r.QualifiedKind == kind);
        RulesContext context = new(resource, DateTimeOffset.UnixEpoch);
        foreach (bool hasScalars in (ReadOnlySpan<bool>)[false, true])
        {
            JsonObject obj = (JsonObject)Filled(resource.Schema, hasScalars, Depth)!;
            obj.Metadata()["name"] = "a";

            resource.Rules.ApplyDefaults(obj);
            resource.Rules.PrepareForCreate(obj, context);
            JsonObject once = obj.Copy();
            resource.Rules.ApplyDefaults(obj);
            resource.Rules.Validate(obj, null, context, new FieldErrors());
            resource.Rules.Validate(obj, once, context, new FieldErrors());

            JsonNodes.Same(obj, once).Should().BeTrue("defaults change nothing when they are applied again");
            resource.Rules.Cells(obj.Freeze(), context).Should().HaveSameCount(resource.Columns);
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Cells_BareObject_AreShownInEveryColumn(string kind)
    {
        ResourceDefinition resource = Catalog.Resources.Single(r => r.QualifiedKind == kind);
        JsonObject bare = new() { ["metadata"] = new JsonObject { ["name"] = "a" } };

        resource.Rules.Cells(bare.Freeze(), new RulesContext(resource, DateTimeOffset.UnixEpoch)).Should().HaveSameCount(resource.Columns);
    }

    /// <summary>An object with every member of its schema: lists of one item each, and scalars or none at all.</summary>
    private static JsonNode? Filled(SchemaNode schema, bool hasScalars, int depth) => schema.Type switch
    {
        _ when depth == 0 => null,
        SchemaType.Object when schema.IsMap => new JsonObject { ["key"] = Filled(schema.AdditionalProperties!, hasScalars, depth - 1) ?? "value" },
        SchemaType.Object => new JsonObject(schema.PropertyOrder
            .Select(name => KeyValuePair.Create(name, Filled(schema.Properties[name], hasScalars, depth - 1)))
            .Where(member => member.Value is not null)),
        SchemaType.Array => schema.Items is { } items && Filled(items, hasScalars, depth - 1) is { } item ? new JsonArray(item) : new JsonArray(),
        SchemaType.String or SchemaType.IntOrString => hasScalars ? JsonValue.Create("text") : null,
        SchemaType.Integer or SchemaType.Number => hasScalars ? JsonValue.Create(7L) : null,
        SchemaType.Boolean => hasScalars ? JsonValue.Create(true) : null,
        _ => null,
    };
}
