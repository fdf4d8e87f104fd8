using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace RocketOps.Operator.Definitions;

/// <summary>Compares what a kind of ours can be written as with the schema that an API server publishes for it, by the serializer's own code, so that it works in a program that was compiled ahead.</summary>
internal static class PublishedSchema
{
    private static readonly string[] Parts = ["spec", "status"];

    /// <returns>Paths of fields that the schema lacks, and of words that it does not allow.</returns>
    public static IEnumerable<string> Missing(JsonTypeInfo type, JsonNode schema) =>
        type.Properties.Where(static property => Parts.Contains(property.Name)).SelectMany(property => Of(property, schema, type, string.Empty));

    private static IEnumerable<string> Of(JsonPropertyInfo property, JsonNode schema, JsonTypeInfo owner, string path)
    {
        string here = path.Length == 0 ? property.Name : $"{path}.{property.Name}";
        return schema["properties"] is not JsonObject fields ? []
            : fields[property.Name] is { } field ? In(owner.Options.GetTypeInfo(property.PropertyType), field, here)
            : [here];
    }

    private static IEnumerable<string> In(JsonTypeInfo type, JsonNode schema, string path)
    {
        Type plain = Nullable.GetUnderlyingType(type.Type) ?? type.Type;
        if (plain.IsEnum && schema["enum"] is JsonArray words)
        {
            return Enum.GetNames(plain).Where(word => !words.Any(known => (string?)known == word)).Select(word => $"{path}={word}");
        }

        return type.Kind switch
        {
            JsonTypeInfoKind.Object => type.Properties.SelectMany(property => Of(property, schema, type, path)),
            JsonTypeInfoKind.Enumerable when type.ElementType is { } element && schema["items"] is { } items => In(type.Options.GetTypeInfo(element), items, path + "[]"),
            _ => [],
        };
    }
}
