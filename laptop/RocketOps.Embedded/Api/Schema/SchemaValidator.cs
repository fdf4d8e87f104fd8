using System.Globalization;
using System.Text.Json.Nodes;
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
        foreach (SchemaPart part in schema.Parts(value, old, string.Empty).Where(p => p.Path is not ("apiVersion" or "kind" or "metadata")))
        {
            Check(part, errors);
        }

        CheckListTypes(value, schema, string.Empty, errors);
    }

    private static void Check(SchemaPart part, FieldErrors errors)
    {
        (string path, JsonNode? value, SchemaNode schema, bool hadOld, JsonNode? old) = part;
        if ((hadOld && JsonNodes.Same(value, old)) || (value is null && schema.Nullable))
        {
            return;
        }

        if (!schema.Fits(value, isWhole: true))
        {
            ReportType(value, schema, path, errors);
            return;
        }

        if (schema.Enum is { } allowed && !allowed.Contains(value, JsonNodes.Equality))
        {
            errors.NotSupported(path, value, allowed);
        }

        switch (value)
        {
            case JsonObject obj:
                CheckCount(obj.Count, "Properties", schema, path, errors);
                CheckRequired(obj, schema, path, errors);
                break;
            case JsonArray array:
                CheckCount(array.Count, "Items", schema, path, errors);
                break;
            case JsonValue scalar when scalar.TryGetValue(out string? text):
                CheckText(text, schema, path, errors);
                break;
            case JsonValue scalar:
                CheckNumber(scalar, schema, path, errors);
                break;
        }

        foreach (SchemaPart below in schema.Parts(value, old, path))
        {
            Check(below, errors);
        }
    }

    private static void CheckCount(int count, string what, SchemaNode schema, string path, FieldErrors errors)
    {
        if (schema.Written.Integer("min" + what) is { } minimum && count < minimum)
        {
            errors.Invalid(path, JsonValue.Create(count), $"{path} in body should have at least {minimum} {what.ToLowerInvariant()}");
        }

        if (schema.Written.Integer("max" + what) is { } maximum && count > maximum)
        {
            errors.TooMany(path, count, maximum);
        }
    }

    private static void CheckRequired(JsonObject value, SchemaNode schema, string path, FieldErrors errors)
    {
        IEnumerable<string> missing = schema.Required.Where(name => !value.ContainsKey(name));
        string[] typed = schema.EmbeddedResource ? ["apiVersion", "kind"] : [];
        foreach (string name in missing.Concat(typed.Where(name => string.IsNullOrEmpty(value.Text(name)))))
        {
            errors.Required(path.Length == 0 ? name : $"{path}.{name}");
        }
    }

    private static void CheckText(string value, SchemaNode schema, string path, FieldErrors errors)
    {
        // The first of these is reported, the rest is silent.
        long length = value.EnumerateRunes().LongCount();
        if (schema.Written.Integer("maxLength") is { } maximum && length > maximum)
        {
            errors.TooLong(path, maximum);
        }
        else if (schema.Written.Integer("minLength") is { } minimum && length < minimum)
        {
            errors.InvalidText(path, value, $"{path} in body should be at least {minimum} chars long");
        }
        else if (schema.Pattern?.IsMatch(value) == false)
        {
            errors.InvalidText(path, value, $"{path} in body should match '{schema.Written.Text("pattern")}'");
        }
        else if (schema.Type is SchemaType.String && schema.Format is { } format && !Formats.Fits(format, value))
        {
            errors.TypeInvalid(path, value, $"{path} in body must be of type {format}: {JsonValue.Create(value).ToText()}");
        }
    }

    private static void CheckNumber(JsonValue value, SchemaNode schema, string path, FieldErrors errors)
    {
        if (Number(value) is not { } number)
        {
            return;
        }

        foreach ((string name, string relation, int sign) in (ReadOnlySpan<(string, string, int)>)[("inimum", "greater", 1), ("aximum", "less", -1)])
        {
            bool isExclusive = schema.Written.Flag("exclusiveM" + name);
            if (Number(schema.Written["m" + name]) is { } bound && number.CompareTo(bound) * sign < (isExclusive ? 1 : 0))
            {
                errors.Invalid(path, value, $"{path} in body should be {relation} than {(isExclusive ? string.Empty : "or equal to ")}{bound.ToString(CultureInfo.InvariantCulture)}");
            }
        }

        if (Number(schema.Written["multipleOf"]) is { } step && Math.Abs(Math.IEEERemainder(number, step)) > 1e-9 * Math.Abs(step))
        {
            errors.Invalid(path, value, $"{path} in body should be a multiple of {step.ToString(CultureInfo.InvariantCulture)}");
        }
    }

    private static double? Number(JsonNode? node) =>
        node is not JsonValue value ? null : value.TryGetValue(out long integer) ? integer : value.TryGetValue(out double number) ? number : null;

    private static void ReportType(JsonNode? value, SchemaNode schema, string path, FieldErrors errors)
    {
        string actual = TypeName(value);
        if (schema.Type is SchemaType.IntOrString)
        {
            errors.TypeInvalid(path, actual, $"{path} in body must be of type integer,string: \"{actual}\"");
            errors.InvalidText("<nil>", string.Empty, $"\"{path}\" must validate at least one schema (anyOf)");
        }

        string expected = schema.Type is SchemaType.IntOrString ? "integer" : schema.Type.ToString().ToLowerInvariant();
        errors.TypeInvalid(path, actual, $"{path} in body must be of type {expected}: \"{actual}\"");
    }

    internal static string TypeName(JsonNode? value) => value switch
    {
        null => "null",
        JsonObject => "object",
        JsonArray => "array",
        _ => value.Is<string>() ? "string" : value.Is<bool>() ? "boolean" : value.Is<long>() ? "integer" : "number",
    };

    /// <summary>Items of sets and keys of list-maps are unique.</summary>
    private static void CheckListTypes(JsonNode? value, SchemaNode schema, string path, FieldErrors errors)
    {
        if (value is JsonArray array && schema.ListKind is not ListKind.Atomic)
        {
            HashSet<string> seen = new(StringComparer.Ordinal);
            for (int i = 0; i < array.Count; i++)
            {
                JsonNode? shown = schema.ListKind is ListKind.Map ? KeyOf(array[i] as JsonObject ?? [], schema) : array[i];
                if (!seen.Add(shown.ToText()))
                {
                    errors.Duplicate($"{path}[{i}]", shown);
                }
            }
        }

        foreach (SchemaPart part in schema.Parts(value, null, path).Where(p => p.Path != "metadata"))
        {
            CheckListTypes(part.Value, part.Schema, part.Path, errors);
        }
    }

    private static JsonObject KeyOf(JsonObject item, SchemaNode schema) =>
        new(schema.ListKeys.Order(StringComparer.Ordinal).Where(item.ContainsKey).Select(name => KeyValuePair.Create(name, item[name]?.DeepClone())));
}
