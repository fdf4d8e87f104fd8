using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using RocketOps.Kubernetes.Dynamic;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Kubernetes.Client.Transport;

/// <summary>
/// Reads single objects out of lists and watches. One that does not fit its type is reported by name: it must not hide the others or end the watch.
/// </summary>
internal static class ObjectReader
{
    /// <summary>Values are part of it, and they may be as long as an object.</summary>
    private const int MaxReasonLength = 500;

    /// <summary>
    /// Beginning of the serializer's message for a word that an enum lacks, and for a number that is too large: the type's full name
    /// follows.
    /// </summary>
    private const string NotConverted = "The JSON value could not be converted to ";

    public static (T? Entity, UnreadableObject? Unreadable) Read<T>(JsonElement item, JsonTypeInfo<T> json)
        where T : class, IKubernetesObject
    {
        try
        {
            T? entity = item.Deserialize(json);
            if (entity?.Metadata?.Name is not null)
            {
                return (entity, null);
            }

            return (null, Unreadable(item, "it has no name"));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The latter: bytes within a string that are not UTF-8, which are found out only when the string is asked for.
            return (null, Unreadable(item, Reason(e)));
        }
    }

    public static string? ResourceVersion(JsonElement item) => MetadataString(item, "resourceVersion");

    /// <summary>
    /// Reason of a failure: where and what, without the place in the text that the serializer's own messages end with, as it changes with
    /// every other field, and without its names of types.
    /// </summary>
    private static string Reason(Exception failed)
    {
        string what = failed.Message;
        int place = what.IndexOf(" Path: $", StringComparison.Ordinal);
        what = place < 0 ? what : what[..place];
        if (what.StartsWith(NotConverted, StringComparison.Ordinal))
        {
            string type = what.TrimEnd('.', ']');
            what = $"the value is no {type[(type.LastIndexOfAny(['.', ' ']) + 1)..]} that is known here.";
        }

        if (failed is JsonException { Path: { Length: > 2 } path })
        {
            what = $"{path[2..]}: {what}";
        }

        return what.Length <= MaxReasonLength ? what : what[..MaxReasonLength] + "…";
    }

    private static UnreadableObject Unreadable(JsonElement item, string reason) =>
        new(MetadataString(item, "namespace"), MetadataString(item, "name") ?? "", reason) { Metadata = Metadata(item) };

    private static ObjectMeta? Metadata(JsonElement item)
    {
        try
        {
            return item.ValueKind == JsonValueKind.Object && item.TryGetProperty("metadata", out JsonElement metadata) ? metadata.Deserialize(DynamicJsonContext.Default.ObjectMeta) : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // It may be what cannot be read.
            return null;
        }
    }

    private static string? MetadataString(JsonElement item, string property) =>
        item.ValueKind == JsonValueKind.Object
        && item.TryGetProperty("metadata", out JsonElement metadata)
        && metadata.ValueKind == JsonValueKind.Object
        && metadata.TryGetProperty(property, out JsonElement value)
        && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;
}
