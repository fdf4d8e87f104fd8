using System.Text.Json;
using System.Text.Json.Nodes;

namespace RocketOps.Cli.Exporting;

/// <summary>A retry policy, as brokers keep it, in the words of <c>spec.groupRetryPolicy</c>. Source: admin.md §2.3.</summary>
internal static class RetryPolicyText
{
    private const int MaxWaits = 64;

    // What members that are left out are, to the brokers and to the API.
    private const long DefaultInitial = 5000;
    private const long DefaultMax = 7_200_000;
    private const long DefaultMultiplier = 2;

    /// <returns>Null for the brokers' own levels, which an object leaves out; false when an object cannot say it.</returns>
    public static bool TryRead(JsonElement? policy, out JsonObject? spec)
    {
        spec = null;
        if (policy is not { ValueKind: not JsonValueKind.Null } given)
        {
            return true;
        }

        return given.ValueKind == JsonValueKind.Object && given.TryGetProperty("type", out JsonElement type) && type.ValueKind == JsonValueKind.String && type.GetString() switch
        {
            "CUSTOMIZED" => TryReadCustomized(Member(given, "customizedRetryPolicy"), out spec),
            "EXPONENTIAL" => TryReadExponential(Member(given, "exponentialRetryPolicy"), out spec),
            _ => false,
        };
    }

    private static bool TryReadCustomized(JsonElement? waits, out JsonObject? spec)
    {
        spec = null;
        if (waits is not { ValueKind: JsonValueKind.Object } given || Member(given, "next") is not { } next)
        {
            return waits is null or { ValueKind: JsonValueKind.Object };
        }

        if (next.ValueKind != JsonValueKind.Array || next.GetArrayLength() > MaxWaits || !next.EnumerateArray().All(static wait => wait.ValueKind == JsonValueKind.Number && wait.TryGetInt64(out _)))
        {
            return false;
        }

        spec = next.GetArrayLength() == 0
            ? null
            : new JsonObject
            {
                ["type"] = "Customized",
                ["customizedRetryPolicy"] = new JsonObject { ["next"] = new JsonArray([.. next.EnumerateArray().Select(static wait => (JsonNode)wait.GetInt64())]) },
            };
        return true;
    }

    private static bool TryReadExponential(JsonElement? waits, out JsonObject? spec)
    {
        spec = null;
        if (waits is { ValueKind: not JsonValueKind.Object }
            || Number(waits, "initial", DefaultInitial) is not { } initial || Number(waits, "max", DefaultMax) is not { } max || Number(waits, "multiplier", DefaultMultiplier) is not { } multiplier)
        {
            return false;
        }

        spec = new JsonObject
        {
            ["type"] = "Exponential",
            ["exponentialRetryPolicy"] = new JsonObject { ["initial"] = initial, ["max"] = max, ["multiplier"] = multiplier },
        };
        return true;
    }

    private static JsonElement? Member(JsonElement holder, string name) => holder.TryGetProperty(name, out JsonElement member) && member.ValueKind != JsonValueKind.Null ? member : null;

    /// <summary>Null when it is there and no number from 1.</summary>
    private static long? Number(JsonElement? holder, string name, long otherwise) => holder is { } given && Member(given, name) is { } member
        ? member.ValueKind == JsonValueKind.Number && member.TryGetInt64(out long number) && number >= 1 ? number : null
        : otherwise;
}
