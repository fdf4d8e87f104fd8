using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Kubernetes.Crds;

/// <summary>
/// The structural schema of one entity: every node has a type, constraints come from attributes, names from the serializer's rules. Refuses what a structural
/// schema cannot say (recursion) and attributes that would silently mean nothing where they stand.
/// </summary>
[RequiresUnreferencedCode("Reads the properties of entities by reflection.")]
internal sealed class SchemaBuilder
{
    /// <summary>Source: controller-gen's marker for resource.Quantity.</summary>
    private const string QuantityPattern =
        @"^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$";

    private readonly Stack<Type> _path = [];
    private readonly List<JsonNode> _propertyColumns = [];
    private readonly List<JsonNode> _classColumns = [];

    /// <summary>The class's columns in their order, then those of properties in theirs.</summary>
    public IReadOnlyList<JsonNode> Columns => [.. _classColumns, .. _propertyColumns];

    public JsonObject BuildEntity(Type type)
    {
        foreach (var column in type.GetCustomAttributes<PrinterColumnAttribute>())
        {
            var path = column.JsonPath ?? throw new InvalidOperationException($"[PrinterColumn(\"{column.Name}\")] on {type.Name} needs a JsonPath.");
            _classColumns.Add(Column(column, path, column.Type ?? "string"));
        }

        var properties = new JsonObject
        {
            ["apiVersion"] = new JsonObject { ["type"] = "string" },
            ["kind"] = new JsonObject { ["type"] = "string" },
            ["metadata"] = new JsonObject { ["type"] = "object" },
        };
        var required = new List<string>();
        foreach (var property in Properties(type).Where(p => p.Name is not (nameof(IKubernetesObject.ApiVersion) or nameof(IKubernetesObject.Kind) or nameof(IKubernetesObject.Metadata))))
        {
            var name = NameOf(property);
            var schema = BuildProperty(property, $".{name}");
            properties[name] = schema;

            // Without this a missing spec would get past the required fields inside it.
            if (IsRequired(property) || (name == "spec" && schema.ContainsKey("required") && !schema.ContainsKey("default")))
            {
                required.Add(name);
            }
        }

        var root = new JsonObject { ["type"] = "object", ["properties"] = properties };
        if (type.GetCustomAttribute<DescriptionAttribute>() is { } description)
        {
            root["description"] = description.Text;
        }

        AddRequired(root, required);
        AddRules(root, type.GetCustomAttributes<ValidationRuleAttribute>());
        return root;
    }

    private JsonObject BuildProperty(PropertyInfo property, string path)
    {
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        var where = $"{property.DeclaringType!.Name}.{property.Name}";
        var schema = property.GetCustomAttribute<PreserveUnknownFieldsAttribute>() is not null && !IsScalar(type)
            ? Unstructured(type)
            : BuildType(type, path, where);
        AddConstraints(schema, property, where);
        AddListAndMapKind(schema, property, where);
        if (property.GetCustomAttribute<EmbeddedResourceAttribute>() is not null)
        {
            schema["x-kubernetes-embedded-resource"] = true;
            schema["x-kubernetes-preserve-unknown-fields"] = true;
        }

        if (property.GetCustomAttribute<DescriptionAttribute>() is { } description)
        {
            schema["description"] = description.Text;
        }

        if (property.GetCustomAttribute<DefaultValueAttribute>() is { } value)
        {
            schema["default"] = Default(value, where);
        }

        AddRules(schema, property.GetCustomAttributes<ValidationRuleAttribute>());
        foreach (var column in property.GetCustomAttributes<PrinterColumnAttribute>())
        {
            _propertyColumns.Add(Column(column, column.JsonPath ?? path, column.Type ?? ColumnType(schema)));
        }

        return schema;
    }

    private JsonObject BuildType(Type type, string path, string where)
    {
        if (Scalar(type) is { } scalar)
        {
            return scalar;
        }

        if (type == typeof(JsonElement) || typeof(JsonNode).IsAssignableFrom(type))
        {
            return Unstructured(type);
        }

        if (MapValue(type) is { } valueType)
        {
            return new JsonObject { ["type"] = "object", ["additionalProperties"] = BuildType(valueType, path, where) };
        }

        if (ListItem(type) is { } itemType)
        {
            return new JsonObject { ["type"] = "array", ["items"] = BuildType(itemType, path + "[*]", where) };
        }

        return BuildObject(type, path, where);
    }

    private JsonObject BuildObject(Type type, string path, string where)
    {
        if (_path.Contains(type))
        {
            throw new InvalidOperationException($"{where}: {type.Name} contains itself, which a schema cannot express; mark it [PreserveUnknownFields].");
        }

        _path.Push(type);
        var properties = new JsonObject();
        var required = new List<string>();
        foreach (var property in Properties(type))
        {
            var name = NameOf(property);
            properties[name] = BuildProperty(property, $"{path}.{name}");
            if (IsRequired(property))
            {
                required.Add(name);
            }
        }

        _path.Pop();
        var schema = new JsonObject { ["type"] = "object" };
        if (properties.Count > 0)
        {
            schema["properties"] = properties;
        }

        if (type.GetCustomAttribute<PreserveUnknownFieldsAttribute>() is not null)
        {
            schema["x-kubernetes-preserve-unknown-fields"] = true;
        }

        if (type.GetCustomAttribute<DescriptionAttribute>() is { } description)
        {
            schema["description"] = description.Text;
        }

        AddRequired(schema, required);
        AddRules(schema, type.GetCustomAttributes<ValidationRuleAttribute>());
        return schema;
    }

    private static JsonObject? Scalar(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type.IsEnum)
        {
            return new JsonObject { ["type"] = "string", ["enum"] = new JsonArray([.. EnumNames(type).Select(n => (JsonNode?)n)]) };
        }

        return type switch
        {
            _ when type == typeof(string) => new JsonObject { ["type"] = "string" },
            _ when type == typeof(bool) => new JsonObject { ["type"] = "boolean" },
            _ when type == typeof(int) => new JsonObject { ["type"] = "integer", ["format"] = "int32" },
            _ when type == typeof(long) => new JsonObject { ["type"] = "integer", ["format"] = "int64" },
            _ when type == typeof(double) => new JsonObject { ["type"] = "number", ["format"] = "double" },
            _ when type == typeof(DateTimeOffset) => new JsonObject { ["type"] = "string", ["format"] = "date-time" },
            _ when type == typeof(byte[]) => new JsonObject { ["type"] = "string", ["format"] = "byte" },
            _ when type == typeof(IntOrString) => IntOrStringSchema(),
            _ when type == typeof(Quantity) => WithPattern(IntOrStringSchema(), QuantityPattern),
            _ => null,
        };
    }

    private static bool IsScalar(Type type) => Scalar(type) is not null;

    private static JsonObject IntOrStringSchema() => new()
    {
        ["anyOf"] = new JsonArray(new JsonObject { ["type"] = "integer" }, new JsonObject { ["type"] = "string" }),
        ["x-kubernetes-int-or-string"] = true,
    };

    private static JsonObject WithPattern(JsonObject schema, string pattern)
    {
        schema["pattern"] = pattern;
        return schema;
    }

    private static JsonObject Unstructured(Type type) => ListItem(type) is null
        ? new JsonObject { ["type"] = "object", ["x-kubernetes-preserve-unknown-fields"] = true }
        : new JsonObject { ["type"] = "array", ["items"] = new JsonObject { ["type"] = "object", ["x-kubernetes-preserve-unknown-fields"] = true } };

    private static IEnumerable<string> EnumNames(Type type) =>
        type.GetFields(BindingFlags.Public | BindingFlags.Static)
            .Select(f => f.GetCustomAttribute<JsonStringEnumMemberNameAttribute>()?.Name ?? f.Name);

    private static Type? MapValue(Type type) =>
        type.GetInterfaces().Append(type)
            .Where(i => i.IsGenericType && (i.GetGenericTypeDefinition() == typeof(IDictionary<,>) || i.GetGenericTypeDefinition() == typeof(IReadOnlyDictionary<,>)))
            .Select(i => i.GetGenericArguments())
            .FirstOrDefault(a => a[0] == typeof(string))?[1];

    private static Type? ListItem(Type type) =>
        type == typeof(string) || !typeof(IEnumerable).IsAssignableFrom(type)
            ? null
            : type.GetInterfaces().Append(type)
                .FirstOrDefault(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IEnumerable<>))?.GetGenericArguments()[0];

    private static IEnumerable<PropertyInfo> Properties(Type type) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(p => p.GetIndexParameters().Length == 0 && p.GetCustomAttribute<JsonIgnoreAttribute>() is not { Condition: JsonIgnoreCondition.Always });

    private static string NameOf(PropertyInfo property) =>
        property.GetCustomAttribute<JsonPropertyNameAttribute>()?.Name ?? JsonNamingPolicy.CamelCase.ConvertName(property.Name);

    private static bool IsRequired(PropertyInfo property) =>
        property.GetCustomAttribute<RequiredAttribute>() is not null || property.GetCustomAttribute<RequiredMemberAttribute>() is not null;

    private static void AddRequired(JsonObject schema, List<string> required)
    {
        if (required.Count > 0)
        {
            schema["required"] = new JsonArray([.. required.Order(StringComparer.Ordinal).Select(r => (JsonNode?)r)]);
        }
    }

    private static void AddConstraints(JsonObject schema, PropertyInfo property, string where)
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

    private static void AddListAndMapKind(JsonObject schema, PropertyInfo property, string where)
    {
        if (property.GetCustomAttribute<ListMapKeysAttribute>() is { } keys)
        {
            Only(schema, where, keys, "array");
            var item = schema["items"]!.AsObject();
            foreach (var key in keys.Keys)
            {
                var isRequired = item["required"] is JsonArray required && required.Any(r => r!.GetValue<string>() == key);
                var isDefaulted = item["properties"]?[key]?["default"] is not null;
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

    private static void AddRules(JsonObject schema, IEnumerable<ValidationRuleAttribute> rules)
    {
        // A property's rules follow those of its type.
        var list = schema["x-kubernetes-validations"] as JsonArray ?? [];
        foreach (var rule in rules)
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

    private static JsonObject Column(PrinterColumnAttribute column, string path, string type) => new()
    {
        ["name"] = column.Name,
        ["jsonPath"] = path,
        ["type"] = type,
        ["format"] = column.Format,
        ["description"] = column.Description,

        // The server takes a zero away; kept, it would be a difference for ever.
        ["priority"] = column.Priority == 0 ? null : column.Priority,
    };

    private static string ColumnType(JsonObject schema) => ((string?)schema["type"], (string?)schema["format"]) switch
    {
        ("string", "date-time") => "date",
        ("integer", _) => "integer",
        ("number", _) => "number",
        ("boolean", _) => "boolean",
        _ => "string",
    };

    private static JsonNode? Default(DefaultValueAttribute value, string where) => value.Value switch
    {
        string json when value.IsJson => JsonNode.Parse(json),
        string text => text,
        bool flag => flag,
        int number => number,
        long number => number,
        double number => Number(number),
        Enum name => EnumNames(name.GetType()).ElementAt(Array.IndexOf(Enum.GetNames(name.GetType()), name.ToString())),
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
            var name = attribute.GetType().Name.Replace("Attribute", "", StringComparison.Ordinal);
            throw new InvalidOperationException(
                string.Create(CultureInfo.InvariantCulture, $"{where}: [{name}] goes with {string.Join(" or ", types)}, this is {(string?)schema["type"] ?? "int-or-string"}."));
        }
    }
}
