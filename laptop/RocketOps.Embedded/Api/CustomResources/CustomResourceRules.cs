using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Resources;
using RocketOps.Embedded.Api.Tables;

namespace RocketOps.Embedded.Api.CustomResources;

/// <summary>The rules of every custom resource; cells come from the CRD's printer columns.</summary>
internal sealed class CustomResourceRules(IReadOnlyList<ColumnDefinition> columns, bool hasStatus) : ResourceRules
{
    private readonly JsonPath?[] _paths = [.. columns.Select(c => c.JsonPath is null ? null : JsonPath.Parse(c.JsonPath))];

    public override bool HasGeneration => true;

    public override bool AllowsUnconditionalUpdate => false;

    /// <summary>Anything but metadata, and but status where that is a subresource.</summary>
    public override bool RaisesGeneration(JsonObject obj, JsonObject old) =>
        Array.Exists(JsonNodes.Names(obj, old), name => name is not "metadata" && !(hasStatus && name == "status") && !JsonNodes.Same(obj[name], old[name]));

    public override JsonArray Cells(JsonElement obj, RulesContext context)
    {
        JsonArray cells = [];
        for (int i = 0; i < columns.Count; i++)
        {
            cells.Append(_paths[i] is { } path ? Cell(path.First(obj), columns[i].Type, context.Now) : obj.GetProperty("metadata").GetProperty("name").GetString());
        }

        return cells;
    }

    private static JsonValue? Cell(JsonElement? found, string type, DateTimeOffset now)
    {
        if (found is not { ValueKind: not JsonValueKind.Null } value)
        {
            return null;
        }

        switch (type)
        {
            case "integer":
                return value.ValueKind is JsonValueKind.Number && value.TryGetInt64(out long integer) ? JsonValue.Create(integer) : null;
            case "number":
                return value.ValueKind is JsonValueKind.Number ? value.TryGetInt64(out long whole) ? JsonValue.Create(whole) : JsonValue.Create(value.GetDouble()) : null;
            case "boolean":
                return value.ValueKind is JsonValueKind.True or JsonValueKind.False ? JsonValue.Create(value.GetBoolean()) : null;
            case "date":
                return JsonValue.Create(
                    value.ValueKind is JsonValueKind.String
                    && DateTimeOffset.TryParse(value.GetString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time)
                        ? HumanDuration.Since(time, now)
                        : HumanDuration.Unknown);
            default:
                return JsonValue.Create(value.ValueKind is JsonValueKind.String ? value.GetString() : value.GetRawText());
        }
    }
}
