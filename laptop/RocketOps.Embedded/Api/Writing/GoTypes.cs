using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Errors;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Resources;
using RocketOps.Embedded.Api.Schema;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Embedded.Api.Writing;

/// <summary>
/// Built-in kinds are Go structs on the real server: a value of the wrong JSON type fails in its decoder, with 400 and Go's words. Quantities are brought
/// into their canonical form here as well, as decoding and encoding does there.
/// </summary>
internal static class GoTypes
{
    /// <exception cref="ApiErrorException">400 on the first value of a wrong type.</exception>
    public static void Check(JsonObject obj, ResourceDefinition resource) => CheckObject(obj, resource.Schema, resource, string.Empty, resource.Kind);

    private static void CheckObject(JsonObject value, SchemaNode schema, ResourceDefinition resource, string path, string owner)
    {
        List<(string Name, string Text)>? canonical = null;
        foreach ((string name, JsonNode? child) in value)
        {
            if (child is null || schema.Member(name) is not { } member || ReferenceEquals(member, SchemaNode.Untyped))
            {
                continue;
            }

            // Go's decoder names the field, not the key of a map.
            string childPath = schema.IsMap ? path : path.Length == 0 ? name : $"{path}.{name}";
            string childOwner = member.GoType ?? owner;
            if (member.Format == "quantity")
            {
                if (Canonical(child, resource) is { } text)
                {
                    (canonical ??= []).Add((name, text));
                }

                continue;
            }

            CheckNode(child, member, resource, childPath, owner, childOwner);
        }

        canonical?.ForEach(c => value[c.Name] = c.Text);
    }

    private static void CheckNode(JsonNode? value, SchemaNode schema, ResourceDefinition resource, string path, string owner, string childOwner)
    {
        bool isShort = schema.Type is SchemaType.IntOrString || schema.Format == "int32";
        if (!schema.Fits(value, isWhole: false) || (isShort && value is JsonValue v && v.TryGetValue(out long whole) && whole != (int)whole))
        {
            string number = schema.Type is SchemaType.Integer ? $"number {value.ToText()}" : "number";
            string found = SchemaValidator.TypeName(value) switch { "boolean" => "bool", "integer" or "number" => number, var other => other };
            throw ApiErrors.BadRequest(ObjectDecoder.CannotHandle(
                resource, $"json: cannot unmarshal {found} into Go struct field {owner}.{path} of type {GoName(schema)}"));
        }

        switch (value)
        {
            case JsonObject obj:
                CheckObject(obj, schema, resource, path, childOwner);
                break;
            case JsonArray array when schema.Items is { } items:
                for (int i = 0; i < array.Count; i++)
                {
                    // Nothing becomes the zero of the items' type.
                    array[i] ??= items.Type switch { SchemaType.String => "", SchemaType.Object => new JsonObject(), _ => null };
                    if (array[i] is { } item)
                    {
                        CheckNode(item, items, resource, path, owner, items.GoType ?? childOwner);
                    }
                }

                break;
            case JsonValue when schema.Format == "micro-time":
                MicroTimes.Check(value.AsText()!, resource);
                break;
            case JsonValue when schema.Format == "date-time" && !Formats.Fits(schema.Format, value.AsText()!):
                string text = value.ToText();
                throw ApiErrors.BadRequest(ObjectDecoder.CannotHandle(
                    resource, $"parsing time {text} as \"2006-01-02T15:04:05Z07:00\": cannot parse {text} as \"2006\""));
            case JsonValue when schema.Format == "byte":
                CheckBase64(value.AsText()!, resource);
                break;
        }
    }

    private static string? Canonical(JsonNode value, ResourceDefinition resource)
    {
        string given = value.AsText() ?? value.ToText();
        if (!Quantity.TryCanonical(given, out string canonical) || !Quantity.TryParse(given, out _))
        {
            throw ApiErrors.BadRequest(ObjectDecoder.CannotHandle(
                resource, "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"));
        }

        return value.AsText() == canonical ? null : canonical;
    }

    private static void CheckBase64(string value, ResourceDefinition resource)
    {
        if (!Convert.TryFromBase64String(value, new byte[value.Length], out _))
        {
            int at = value.TakeWhile(c => char.IsAsciiLetterOrDigit(c) || c is '+' or '/').Count();
            throw ApiErrors.BadRequest(ObjectDecoder.CannotHandle(resource, $"illegal base64 data at input byte {at}"));
        }
    }

    private static string GoName(SchemaNode schema) => schema.Type switch
    {
        SchemaType.Integer => schema.Format ?? "int32",
        SchemaType.Boolean => "bool",
        SchemaType.Number => "float64",
        SchemaType.Array => "[]" + (schema.Items is { } items ? GoName(items) : "string"),
        SchemaType.Object when schema.IsMap => "map[string]" + GoName(schema.AdditionalProperties!),
        SchemaType.Object => "v1." + (schema.GoType ?? "Object"),
        SchemaType.IntOrString => "intstr.IntOrString",
        _ => "string",
    };
}
