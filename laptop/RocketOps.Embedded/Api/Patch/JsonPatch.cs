using System.Globalization;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Errors;
using RocketOps.Embedded.Api.Json;

namespace RocketOps.Embedded.Api.Patch;

/// <summary>RFC 6902 over an object. Any failing operation fails the whole patch with the same 422, as on the real server.</summary>
internal static class JsonPatch
{
    /// <summary>Operations of one patch; kube-apiserver's limit.</summary>
    private const int MaxOperations = 10_000;

    public static void Apply(JsonObject target, JsonArray operations)
    {
        if (operations.Count > MaxOperations)
        {
            throw new ApiErrorException(
                413, "RequestEntityTooLarge", $"Request entity too large: The allowed maximum operations in a JSON patch is {MaxOperations}, got {operations.Count}");
        }

        foreach (JsonNode? node in operations)
        {
            if (node is not JsonObject operation || operation.Text("path") is not { } path)
            {
                throw ApiErrors.PatchFailed();
            }

            string[] to = Pointer(path);
            switch (operation.Text("op"))
            {
                case "add":
                    Add(target, to, Value(operation));
                    break;
                case "remove":
                    Remove(target, to);
                    break;
                case "replace":
                    Remove(target, to);
                    Add(target, to, Value(operation));
                    break;
                case "move":
                    string[] source = Pointer(operation.Text("from") ?? throw ApiErrors.PatchFailed());
                    if (to.Length > source.Length && to.AsSpan(0, source.Length).SequenceEqual(source))
                    {
                        throw ApiErrors.PatchFailed();
                    }

                    JsonNode? moved = Get(target, source)?.DeepClone();
                    Remove(target, source);
                    Add(target, to, moved);
                    break;
                case "copy":
                    Add(target, to, Get(target, Pointer(operation.Text("from") ?? throw ApiErrors.PatchFailed()))?.DeepClone());
                    break;
                case "test":
                    if (!JsonNodes.Same(Get(target, to, tolerant: true), operation["value"]))
                    {
                        throw ApiErrors.PatchFailed();
                    }

                    break;
                default:
                    throw ApiErrors.PatchFailed();
            }
        }
    }

    private static JsonNode? Value(JsonObject operation) =>
        operation.TryGetPropertyValue("value", out JsonNode? value) ? value?.DeepClone() : throw ApiErrors.PatchFailed();

    private static string[] Pointer(string path)
    {
        if (path.Length == 0 || path[0] != '/')
        {
            // The whole document is never replaced.
            throw ApiErrors.PatchFailed();
        }

        return [.. path[1..].Split('/').Select(s => s.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal))];
    }

    private static void Add(JsonObject target, string[] path, JsonNode? value)
    {
        switch (Get(target, path.AsSpan(0, path.Length - 1)))
        {
            case JsonObject holder:
                holder[path[^1]] = value;
                break;
            case JsonArray list when path[^1] == "-":
                list.Append(value);
                break;
            case JsonArray list when Index(path[^1]) is { } index && index <= list.Count:
                list.Insert(index, value);
                break;
            default:
                throw ApiErrors.PatchFailed();
        }
    }

    private static void Remove(JsonObject target, string[] path)
    {
        switch (Get(target, path.AsSpan(0, path.Length - 1)))
        {
            case JsonObject holder when holder.Remove(path[^1]):
                break;
            case JsonArray list when Index(path[^1]) is { } index && index < list.Count:
                list.RemoveAt(index);
                break;
            default:
                throw ApiErrors.PatchFailed();
        }
    }

    /// <param name="target">Where the path begins.</param>
    /// <param name="path">The steps.</param>
    /// <param name="tolerant">A member that is missing is null, as for a test.</param>
    private static JsonNode? Get(JsonNode target, ReadOnlySpan<string> path, bool tolerant = false)
    {
        JsonNode? node = target;
        foreach (string step in path)
        {
            node = node switch
            {
                JsonObject holder when holder.TryGetPropertyValue(step, out JsonNode? child) || tolerant => child,
                JsonArray list when Index(step) is { } index && index < list.Count => list[index],
                _ => throw ApiErrors.PatchFailed(),
            };
        }

        return node;
    }

    private static int? Index(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int index) && (text == "0" || text[0] != '0') ? index : null;
}
