using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Reflection;
using System.Text.Json.Nodes;
using RocketOps.Kubernetes.Entities.Schema;

namespace RocketOps.Kubernetes.Crds;

/// <summary>
/// Additions of attributes to the schema of a property or class. An attribute that would silently mean nothing where it stands is refused.
/// </summary>
[RequiresUnreferencedCode("Reads the properties of entities by reflection.")]
internal static class SchemaConstraints
{
    /// <summary>Pattern, format, sizes, ranges, values.</summary>
    public static void AddConstraints(JsonObject schema, PropertyInfo property, string where)
    {
        if (property.GetCustomAttribute<PatternAttribute>() is { } pattern)
        {
            Only(schema, where, pattern, "string");
            schema["pattern"] = pattern.Regex;
        }

        if (property.GetCustomAttribute<FormatAttribute>() is { } format)
        {
            Only(schema, where, format, "string", "integer", "number");
            schema["format"] = format.Name;
        }

        if (property.GetCustomAttribute<LengthAttribute>() is { } length)
        {
            Only(schema, where, length, "string");
            AddBounds(schema, "minLength", length.Min, "maxLength", length.Max);
        }

        if (property.GetCustomAttribute<ItemsAttribute>() is { } items)
        {
            Only(schema, where, items, "array");
            AddBounds(schema, "minItems", items.Min, "maxItems", items.Max);
        }

        if (property.GetCustomAttribute<PropertyLimitsAttribute>() is { } limits)
        {
            Only(schema, where, limits, "object");
            AddBounds(schema, "minProperties", limits.Min, "maxProperties", limits.Max);
        }

        if (property.GetCustomAttribute<EnumValuesAttribute>() is { } values)
        {
            Only(schema, where, values, "string");
            schema["enum"] = new JsonArray([.. values.Values.Select(v => (JsonNode?)v)]);
        }

        if (property.GetCustomAttribute<RangeMinimumAttribute>() is { } minimum)
        {
            Only(schema, where, minimum, "integer", "number");
            schema["minimum"] = Number(minimum.Value);
            schema["exclusiveMinimum"] = minimum.Exclusive ? true : null;
        }

        if (property.GetCustomAttribute<RangeMaximumAttribute>() is { } maximum)
        {
            Only(schema, where, maximum, "integer", "number");
            schema["maximum"] = Number(maximum.Value);
            schema["exclusiveMaximum"] = maximum.Exclusive ? true : null;
        }

        if (property.GetCustomAttribute<MultipleOfAttribute>() is { } multiple)
        {
            Only(schema, where, multiple, "integer", "number");
            schema["multipleOf"] = Number(multiple.Value);
        }
    }

    /// <summary>Adds how server-side apply merges a list or a map.</summary>
    public static void AddListAndMapKind(JsonObject schema, PropertyInfo property, string where)
    {
        if (property.GetCustomAttribute<ListMapKeysAttribute>() is { } keys)
        {
            Only(schema, where, keys, "array");
            JsonObject item = schema["items"]!.AsObject();
            foreach (string key in keys.Keys)
            {
                bool isRequired = item["required"] is JsonArray required && required.Any(r => r!.GetValue<string>() == key);
                bool isDefaulted = item["properties"]?[key]?["default"] is not null;
                if (!isRequired && !isDefaulted)
                {
                    throw new InvalidOperationException($"{where}: the list key '{key}' must be required or have a default.");
                }
            }

            schema["x-kubernetes-list-type"] = "map";
            schema["x-kubernetes-list-map-keys"] = new JsonArray([.. keys.Keys.Select(k => (JsonNode?)k)]);
        }
        else if (property.GetCustomAttribute<ListSetAttribute>() is { } set)
        {
            Only(schema, where, set, "array");
            schema["x-kubernetes-list-type"] = "set";
        }

        if (property.GetCustomAttribute<AtomicMapAttribute>() is { } atomic)
        {
            Only(schema, where, atomic, "object");
            schema["x-kubernetes-map-type"] = "atomic";
        }
    }

    /// <summary>CEL rules.</summary>
    public static void AddRules(JsonObject schema, IEnumerable<ValidationRuleAttribute> rules)
    {
        // A property's rules follow those of its type.
        JsonArray list = schema["x-kubernetes-validations"] as JsonArray ?? [];
        foreach (ValidationRuleAttribute rule in rules)
        {
            list.Add((JsonNode)new JsonObject
            {
                ["rule"] = rule.Rule,
                ["message"] = rule.Message,
                ["messageExpression"] = rule.MessageExpression,
                ["reason"] = rule.Reason,
                ["fieldPath"] = rule.FieldPath,
                ["optionalOldSelf"] = rule.OptionalOldSelf ? true : null,
            });
        }

        if (list.Count > 0 && list.Parent is null)
        {
            schema["x-kubernetes-validations"] = list;
        }
    }

    /// <summary>The default in JSON.</summary>
    public static JsonNode? Default(DefaultValueAttribute value, string where) => value.Value switch
    {
        string json when value.IsJson => JsonNode.Parse(json),
        string text => text,
        bool flag => flag,
        int number => number,
        long number => number,
        double number => Number(number),
        Enum name => SchemaBuilder.EnumNames(name.GetType()).ElementAt(Array.IndexOf(Enum.GetNames(name.GetType()), name.ToString())),
        _ => throw new InvalidOperationException($"{where}: a default is a string, number, boolean, enum or JSON text."),
    };

    private static void AddBounds(JsonObject schema, string minName, int min, string maxName, int max)
    {
        if (min >= 0)
        {
            schema[minName] = min;
        }

        if (max >= 0)
        {
            schema[maxName] = max;
        }
    }

    /// <summary>Whole numbers without a fraction, as the server writes them.</summary>
    private static JsonValue Number(double value) =>
        double.IsInteger(value) && Math.Abs(value) < 9e15 ? JsonValue.Create((long)value) : JsonValue.Create(value);

    private static void Only(JsonObject schema, string where, Attribute attribute, params string[] types)
    {
        if (!types.Contains((string?)schema["type"]))
        {
            string name = attribute.GetType().Name.Replace("Attribute", "", StringComparison.Ordinal);
            throw new InvalidOperationException(
                string.Create(CultureInfo.InvariantCulture, $"{where}: [{name}] goes with {string.Join(" or ", types)}, this is {(string?)schema["type"] ?? "int-or-string"}."));
        }
    }
}
