using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Entities.Schema;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Kubernetes.Crds;

/// <summary>
/// The structural schema of one entity: every node has a type, constraints come from attributes, names from the serializer's rules. Refuses what a structural
/// schema cannot say (recursion) and attributes that would silently mean nothing where they stand.
/// </summary>
[RequiresUnreferencedCode("Reads the properties of entities by reflection.")]
internal sealed class SchemaBuilder
{
    /// <summary>controller-gen's for resource.Quantity, with bounds: what it takes besides is more than the code that reads it can hold, and such an object would be left as it was.</summary>
    private const string QuantityPattern =
        @"^(\+|-)?(([0-9]{1,19}(\.[0-9]{0,20})?|\.[0-9]{1,20})([KM]i|[numkM])?|([0-9]{1,9}(\.[0-9]{0,20})?|\.[0-9]{1,20})([GTPE]i|[GTPE]|[eE](\+|-)?(1[0-8]|[0-9])))$";

    private readonly Stack<Type> _path = [];
    private readonly List<JsonNode> _propertyColumns = [];
    private readonly List<JsonNode> _classColumns = [];

    /// <summary>The class's columns in their order, then those of properties in theirs.</summary>
    public IReadOnlyList<JsonNode> Columns => [.. _classColumns, .. _propertyColumns];

    public JsonObject BuildEntity(Type type)
    {
        foreach (PrinterColumnAttribute column in type.GetCustomAttributes<PrinterColumnAttribute>())
        {
            string path = column.JsonPath ?? throw new InvalidOperationException($"[PrinterColumn(\"{column.Name}\")] on {type.Name} needs a JsonPath.");
            _classColumns.Add(Column(column, path, column.Type ?? "string"));
        }

        JsonObject properties = new()
        {
            ["apiVersion"] = new JsonObject { ["type"] = "string" },
            ["kind"] = new JsonObject { ["type"] = "string" },
            ["metadata"] = new JsonObject { ["type"] = "object" },
        };
        List<string> required = new();
        foreach (PropertyInfo? property in Properties(type).Where(p => p.Name is not (nameof(IKubernetesObject.ApiVersion) or nameof(IKubernetesObject.Kind) or nameof(IKubernetesObject.Metadata))))
        {
            string name = NameOf(property);
            JsonObject schema = BuildProperty(property, $".{name}");
            if (name == "status" && property.PropertyType.GetProperty("ObservedGeneration") is not null)
            {
                // A fresh object has been looked at by nobody: without it kstatus, and with that Flux, calls it current before the first pass.
                schema["default"] = new JsonObject { ["observedGeneration"] = -1 };
            }

            properties[name] = schema;

            // Without this a missing spec would get past the required fields inside it.
            if (IsRequired(property) || (name == "spec" && schema.ContainsKey("required") && !schema.ContainsKey("default")))
            {
                required.Add(name);
            }
        }

        JsonObject root = new() { ["type"] = "object", ["properties"] = properties };
        if (type.GetCustomAttribute<DescriptionAttribute>() is { } description)
        {
            root["description"] = description.Text;
        }

        AddRequired(root, required);
        SchemaConstraints.AddRules(root, type.GetCustomAttributes<ValidationRuleAttribute>());
        return root;
    }

    private JsonObject BuildProperty(PropertyInfo property, string path)
    {
        Type type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        string where = $"{property.DeclaringType!.Name}.{property.Name}";
        JsonObject schema = property.GetCustomAttribute<PreserveUnknownFieldsAttribute>() is not null && !IsScalar(type)
            ? Unstructured(type)
            : BuildType(type, path, where);
        SchemaConstraints.AddConstraints(schema, property, where);
        SchemaConstraints.AddListAndMapKind(schema, property, where);
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
            schema["default"] = SchemaConstraints.Default(value, where);
        }

        SchemaConstraints.AddRules(schema, property.GetCustomAttributes<ValidationRuleAttribute>());
        foreach (PrinterColumnAttribute column in property.GetCustomAttributes<PrinterColumnAttribute>())
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
        JsonObject properties = new();
        List<string> required = new();
        foreach (PropertyInfo property in Properties(type))
        {
            string name = NameOf(property);
            properties[name] = BuildProperty(property, $"{path}.{name}");
            if (IsRequired(property))
            {
                required.Add(name);
            }
        }

        _path.Pop();
        JsonObject schema = new() { ["type"] = "object" };
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
        SchemaConstraints.AddRules(schema, type.GetCustomAttributes<ValidationRuleAttribute>());
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

    internal static IEnumerable<string> EnumNames(Type type) =>
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
}
