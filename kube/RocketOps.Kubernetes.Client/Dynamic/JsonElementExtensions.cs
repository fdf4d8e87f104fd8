using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace RocketOps.Kubernetes.Dynamic;

/// <summary>
/// Reading of optional fields. A field that is absent, null or of another type reads as absent, so that a chain of
/// calls never throws on what a user left out.
/// </summary>
public static class JsonElementExtensions
{
    public static JsonElement Field(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out JsonElement value) ? value : default;

    public static bool Has(this JsonElement element, string name) =>
        element.Field(name).ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Null);

    public static bool Exists(this JsonElement element) =>
        element.ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Null);

    public static string? Text(this JsonElement element, string name)
    {
        JsonElement value = element.Field(name);
        return value.ValueKind == JsonValueKind.String ? value.GetString() : null;
    }

    public static long? Number(this JsonElement element, string name)
    {
        JsonElement value = element.Field(name);
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long number) ? number : null;
    }

    public static int? Int(this JsonElement element, string name)
    {
        JsonElement value = element.Field(name);
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) ? number : null;
    }

    public static bool? Flag(this JsonElement element, string name) => element.Field(name).ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => null,
    };

    public static DateTimeOffset? Time(this JsonElement element, string name) =>
        DateTimeOffset.TryParse(element.Text(name), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time) ? time : null;

    /// <summary>A node of the same content, which may be changed and put below another one; null for null and for what is absent.</summary>
    public static JsonNode? ToNode(this JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Undefined or JsonValueKind.Null => null,
        JsonValueKind.Object => JsonObject.Create(element),
        JsonValueKind.Array => JsonArray.Create(element),
        _ => JsonValue.Create(element),
    };

    public static JsonElement.ArrayEnumerator Items(this JsonElement element, string name)
    {
        JsonElement value = element.Field(name);
        return value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : default;
    }

    public static JsonElement.ObjectEnumerator Entries(this JsonElement element, string name)
    {
        JsonElement value = element.Field(name);
        return value.ValueKind == JsonValueKind.Object ? value.EnumerateObject() : default;
    }
}
