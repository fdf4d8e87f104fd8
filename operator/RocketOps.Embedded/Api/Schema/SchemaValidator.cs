using System.Globalization;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Errors;
using RocketOps.Embedded.Api.Json;

namespace RocketOps.Embedded.Api.Schema;

/// <summary>
/// Checks a custom resource against its structural schema, in kube-apiserver's words (reference: embedded-api.md §10.2). On updates it ratchets: a value
/// that did not change may stay although a newer schema refuses it.
/// </summary>
internal static class SchemaValidator
{
    /// <summary>Everything but metadata, which has rules of its own.</summary>
    public static void Validate(JsonObject value, JsonObject? old, SchemaNode schema, FieldErrors errors)
    {
        CheckRequired(value, schema, string.Empty, errors);
        foreach (string name in schema.PropertyOrder)
        {
            if (name is not ("apiVersion" or "kind" or "metadata") && value.TryGetPropertyValue(name, out JsonNode? child))
            {
                JsonNode? oldChild = null;
                bool hadOld = old is not null && old.TryGetPropertyValue(name, out oldChild);
                Check(child, hadOld, oldChild, schema.Properties[name], name, errors);
            }
        }

        CheckListTypes(value, schema, string.Empty, errors);
    }

    private static void Check(JsonNode? value, bool hadOld, JsonNode? old, SchemaNode schema, string path, FieldErrors errors)
    {
        if (hadOld && JsonNodes.Same(value, old))
        {
            return;
        }

        if (value is null && schema.Nullable)
        {
            return;
        }

        if (!TypeFits(value, schema))
        {
            ReportType(value, schema, path, errors);
            return;
        }

        if (schema.Enum is { } allowed && !allowed.Any(a => JsonNodes.Same(a, value)))
        {
            errors.NotSupported(path, value, allowed);
        }

        switch (value)
        {
            case JsonObject obj:
                CheckObject(obj, old as JsonObject, schema, path, errors);
                break;
            case JsonArray array:
                CheckArray(array, old as JsonArray, schema, path, errors);
                break;
            case JsonValue scalar when scalar.TryGetValue(out string? text):
                CheckText(text, schema, path, errors);
                break;
            case JsonValue scalar:
                CheckNumber(scalar, schema, path, errors);
                break;
        }
    }

    private static void CheckObject(JsonObject value, JsonObject? old, SchemaNode schema, string path, FieldErrors errors)
    {
        if (schema.Written.Integer("minProperties") is { } minimum && value.Count < minimum)
        {
            errors.Invalid(path, JsonValue.Create(value.Count), $"{path} in body should have at least {minimum} properties");
        }

        if (schema.Written.Integer("maxProperties") is { } maximum && value.Count > maximum)
        {
            errors.TooMany(path, value.Count, maximum);
        }

        CheckRequired(value, schema, path, errors);
        if (schema.EmbeddedResource)
        {
            foreach (string name in (ReadOnlySpan<string>)["apiVersion", "kind"])
            {
                if (string.IsNullOrEmpty(value.Text(name)))
                {
                    errors.Required($"{path}.{name}");
                }
            }
        }

        foreach ((string name, JsonNode? child) in value.OrderBy(p => p.Key, StringComparer.Ordinal))
        {
            if (schema.Member(name) is { } member && !ReferenceEquals(member, SchemaNode.Untyped))
            {
                JsonNode? oldChild = null;
                bool hadOld = old is not null && old.TryGetPropertyValue(name, out oldChild);
                Check(child, hadOld, oldChild, member, $"{path}.{name}", errors);
            }
        }
    }

    private static void CheckRequired(JsonObject value, SchemaNode schema, string path, FieldErrors errors)
    {
        foreach (string name in schema.Required)
        {
            if (!value.ContainsKey(name))
            {
                errors.Required(path.Length == 0 ? name : $"{path}.{name}");
            }
        }
    }

    private static void CheckArray(JsonArray value, JsonArray? old, SchemaNode schema, string path, FieldErrors errors)
    {
        if (schema.Written.Integer("minItems") is { } minimum && value.Count < minimum)
        {
            errors.Invalid(path, JsonValue.Create(value.Count), $"{path} in body should have at least {minimum} items");
        }

        if (schema.Written.Integer("maxItems") is { } maximum && value.Count > maximum)
        {
            errors.TooMany(path, value.Count, maximum);
        }

        if (schema.Items is not { } items)
        {
            return;
        }

        for (int i = 0; i < value.Count; i++)
        {
            // Only items of list-maps can be told apart; a changed atomic list is new in every item.
            JsonObject? oldItem = schema.ListKind is ListKind.Map && value[i] is JsonObject item ? Correlated(old, item, schema) : null;
            Check(value[i], oldItem is not null, oldItem, items, $"{path}[{i}]", errors);
        }
    }

    internal static JsonObject? Correlated(JsonArray? old, JsonObject item, SchemaNode schema) =>
        old?.OfType<JsonObject>().FirstOrDefault(o => schema.ListKeys.All(k => JsonNodes.Same(o[k], item[k])));

    private static void CheckText(string value, SchemaNode schema, string path, FieldErrors errors)
    {
        if (schema.Written.ContainsKey("maxLength") || schema.Written.ContainsKey("minLength"))
        {
            long length = value.EnumerateRunes().Count();
            // The first of these three is reported, the rest is silent.
            if (schema.Written.Integer("maxLength") is { } maximum && length > maximum)
            {
                errors.TooLong(path, maximum);
                return;
            }

            if (schema.Written.Integer("minLength") is { } minimum && length < minimum)
            {
                errors.InvalidText(path, value, $"{path} in body should be at least {minimum} chars long");
                return;
            }
        }

        if (schema.Pattern is { } pattern && !pattern.IsMatch(value))
        {
            errors.InvalidText(path, value, $"{path} in body should match '{schema.PatternText}'");
            return;
        }

        if (schema.Type is SchemaType.String && schema.Format is { } format && !Formats.Fits(format, value))
        {
            errors.TypeInvalid(path, value, $"{path} in body must be of type {format}: {JsonValue.Create(value).ToText()}");
        }
    }

    private static void CheckNumber(JsonValue value, SchemaNode schema, string path, FieldErrors errors)
    {
        double number = value.TryGetValue(out long integer) ? integer : value.TryGetValue(out double real) ? real : double.NaN;
        if (double.IsNaN(number))
        {
            return;
        }

        if (Bound(schema, "minimum") is { } minimum && (schema.Written.Flag("exclusiveMinimum") ? number <= minimum : number < minimum))
        {
            errors.Invalid(path, value, $"{path} in body should be greater than {(schema.Written.Flag("exclusiveMinimum") ? string.Empty : "or equal to ")}{Number(minimum)}");
        }

        if (Bound(schema, "maximum") is { } maximum && (schema.Written.Flag("exclusiveMaximum") ? number >= maximum : number > maximum))
        {
            errors.Invalid(path, value, $"{path} in body should be less than {(schema.Written.Flag("exclusiveMaximum") ? string.Empty : "or equal to ")}{Number(maximum)}");
        }

        if (Bound(schema, "multipleOf") is { } step && Math.Abs(Math.IEEERemainder(number, step)) > 1e-9 * Math.Abs(step))
        {
            errors.Invalid(path, value, $"{path} in body should be a multiple of {Number(step)}");
        }
    }

    private static double? Bound(SchemaNode schema, string name) =>
        schema.Written[name] is not JsonValue value ? null : value.TryGetValue(out long integer) ? integer : value.TryGetValue(out double number) ? number : null;

    private static string Number(double value) => value.ToString(CultureInfo.InvariantCulture);

    private static bool TypeFits(JsonNode? value, SchemaNode schema) => schema.Type switch
    {
        SchemaType.Any => true,
        SchemaType.Object => value is JsonObject,
        SchemaType.Array => value is JsonArray,
        SchemaType.String => value.AsText() is not null,
        SchemaType.Boolean => value is JsonValue v && v.TryGetValue(out bool _),
        SchemaType.Number => value is JsonValue v && (v.TryGetValue(out long _) || v.TryGetValue(out double _)),
        SchemaType.Integer => IsInteger(value),
        SchemaType.IntOrString => value.AsText() is not null || IsInteger(value),
        _ => false,
    };

    /// <summary>JSON's 2.0 counts as an integer.</summary>
    private static bool IsInteger(JsonNode? value) =>
        value is JsonValue v && (v.TryGetValue(out long _) || (v.TryGetValue(out double number) && double.IsInteger(number)));

    private static void ReportType(JsonNode? value, SchemaNode schema, string path, FieldErrors errors)
    {
        string actual = TypeName(value);
        if (schema.Type is SchemaType.IntOrString)
        {
            errors.TypeInvalid(path, actual, $"{path} in body must be of type integer,string: \"{actual}\"");
            errors.InvalidText("<nil>", string.Empty, $"\"{path}\" must validate at least one schema (anyOf)");
            errors.TypeInvalid(path, actual, $"{path} in body must be of type integer: \"{actual}\"");
            return;
        }

        string expected = schema.Type switch
        {
            SchemaType.Object => "object",
            SchemaType.Array => "array",
            SchemaType.String => "string",
            SchemaType.Boolean => "boolean",
            SchemaType.Number => "number",
            _ => "integer",
        };
        errors.TypeInvalid(path, actual, $"{path} in body must be of type {expected}: \"{actual}\"");
    }

    internal static string TypeName(JsonNode? value) => value switch
    {
        null => "null",
        JsonObject => "object",
        JsonArray => "array",
        JsonValue v when v.TryGetValue(out string? _) => "string",
        JsonValue v when v.TryGetValue(out bool _) => "boolean",
        JsonValue v when v.TryGetValue(out long _) => "integer",
        _ => "number",
    };

    /// <summary>Items of sets and keys of list-maps are unique.</summary>
    private static void CheckListTypes(JsonNode? value, SchemaNode schema, string path, FieldErrors errors)
    {
        switch (value)
        {
            case JsonObject obj:
                foreach ((string name, JsonNode? child) in obj.OrderBy(p => p.Key, StringComparer.Ordinal))
                {
                    if (name is "metadata" && path.Length == 0)
                    {
                        continue;
                    }

                    if (schema.Member(name) is { } member && !ReferenceEquals(member, SchemaNode.Untyped))
                    {
                        CheckListTypes(child, member, path.Length == 0 ? name : $"{path}.{name}", errors);
                    }
                }

                break;
            case JsonArray array:
                if (schema.ListKind is not ListKind.Atomic)
                {
                    CheckUnique(array, schema, path, errors);
                }

                for (int i = 0; schema.Items is { } items && i < array.Count; i++)
                {
                    CheckListTypes(array[i], items, $"{path}[{i}]", errors);
                }

                break;
        }
    }

    private static void CheckUnique(JsonArray array, SchemaNode schema, string path, FieldErrors errors)
    {
        HashSet<string> seen = new(StringComparer.Ordinal);
        for (int i = 0; i < array.Count; i++)
        {
            JsonNode? shown = array[i];
            if (schema.ListKind is ListKind.Map)
            {
                JsonObject key = [];
                foreach (string name in schema.ListKeys.Order(StringComparer.Ordinal))
                {
                    if (array[i] is JsonObject item && item.TryGetPropertyValue(name, out JsonNode? part))
                    {
                        key[name] = part?.DeepClone();
                    }
                }

                shown = key;
            }

            if (!seen.Add(shown.ToText()))
            {
                errors.Duplicate($"{path}[{i}]", shown);
            }
        }
    }
}
