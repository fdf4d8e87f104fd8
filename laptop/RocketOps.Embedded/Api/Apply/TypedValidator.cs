using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Patch;
using RocketOps.Embedded.Api.Schema;

namespace RocketOps.Embedded.Api.Apply;

/// <summary>Check that an object fits a schema; structured-merge-diff's words (typed/validate.go), paths with a leading dot.</summary>
internal sealed class TypedValidator
{
    private readonly List<string> _errors = [];

    private TypedValidator()
    {
    }

    /// <exception cref="FormatException">All that is wrong. As in Go, whose maps have no order, an unknown field ends the look at the map it is in.</exception>
    public static void Validate(JsonObject value, SchemaNode schema)
    {
        TypedValidator validator = new();
        validator.Visit(value, schema, string.Empty);
        if (validator._errors.Count > 0)
        {
            throw new FormatException(validator._errors.Count == 1 ? validator._errors[0] : string.Join("\n  ", validator._errors.Prepend("errors:")));
        }
    }

    private void Visit(JsonNode? value, SchemaNode schema, string path)
    {
        string? wrong = (schema.Type, value) switch
        {
            (_, null) => null,
            (SchemaType.Object, not JsonObject) => $"expected map, got {Go(value)}",
            (SchemaType.Array, not JsonArray) => $"expected list, got {Go(value)}",
            (SchemaType.String, _) when schema.Format != "quantity" && value.AsText() is null => $"expected string, got &value.valueUnstructured{{Value:{GoSyntax(value)}}}",
            (SchemaType.Boolean, _) when !value.Is<bool>() => $"expected boolean, got {Go(value)}",
            (SchemaType.Integer or SchemaType.Number, _) when !value.Is<long>() && !value.Is<double>() => $"expected numeric (int or float), got {GoType(value)}",
            _ => null,
        };
        if (wrong is not null)
        {
            _errors.Add($"{path}: {wrong}");
        }
        else if (schema.Type is SchemaType.Object && value is JsonObject map)
        {
            VisitMembers(map, schema, path);
        }
        else if (schema.Type is SchemaType.Array && value is JsonArray array)
        {
            VisitItems(array, schema, path);
        }
    }

    private void VisitMembers(JsonObject map, SchemaNode schema, string path)
    {
        foreach ((string name, JsonNode? child) in map)
        {
            if (schema.Member(name) is not { } member)
            {
                _errors.Add($"{path}.{name}: field not declared in schema");
                return;
            }

            Visit(child, member, $"{path}.{name}");
        }
    }

    private void VisitItems(JsonArray array, SchemaNode schema, string path)
    {
        HashSet<string> seen = new(StringComparer.Ordinal);
        for (int i = 0; i < array.Count; i++)
        {
            string itemPath = $"{path}[{i}]";
            if (schema.ListKind is not ListKind.Atomic)
            {
                string element;
                try
                {
                    element = TypedValues.Element(array[i], schema);
                }
                catch (FormatException e)
                {
                    // Nothing in this list can be named from here on.
                    _errors.Add($"{path}: element {i}: {e.Message}");
                    return;
                }

                itemPath = path + FieldSet.Show([element]);
                if (!seen.Add(element))
                {
                    _errors.Add($"{path}: duplicate entries for key {FieldSet.Show([element])}");
                }
            }

            Visit(array[i], schema.Items ?? SchemaNode.Untyped, itemPath);
        }
    }

    /// <summary>Go's %v of a wrapped value.</summary>
    private static string Go(JsonNode value) => "&{" + StrategicMerge.GoText(value) + "}";

    /// <summary>Go's %#v.</summary>
    private static string GoSyntax(JsonNode? value) => value switch
    {
        null => "interface {}(nil)",
        JsonObject map => "map[string]interface {}{" + string.Join(", ", map.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => $"{JsonValue.Create(p.Key).ToText()}:{GoSyntax(p.Value)}")) + "}",
        JsonArray list => "[]interface {}{" + string.Join(", ", list.Select(GoSyntax)) + "}",
        _ => value.ToText(),
    };

    /// <summary>Go's %T.</summary>
    public static string GoType(JsonNode value) => value switch
    {
        JsonObject => "map[string]interface {}",
        JsonArray => "[]interface {}",
        _ => value.AsText() is null ? "bool" : "string",
    };
}
