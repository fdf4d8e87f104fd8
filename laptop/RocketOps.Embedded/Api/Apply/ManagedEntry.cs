using System.Globalization;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Json;

namespace RocketOps.Embedded.Api.Apply;

/// <summary>One entry of metadata.managedFields. Manager, operation, version and subresource identify it.</summary>
internal sealed record ManagedEntry(string Manager, bool Applied, string ApiVersion, string Subresource, string? Time, FieldSet Fields)
{
    /// <summary>Name in conflicts: <c>"m3" using rocketops.io/v1beta1</c>.</summary>
    public string Display
    {
        get
        {
            string text = JsonValue.Create(Manager).ToText();
            if (Subresource.Length > 0)
            {
                text += $" with subresource {JsonValue.Create(Subresource).ToText()}";
            }

            return Applied ? text : $"{text} using {ApiVersion}";
        }
    }

    public bool IsSameWriter(ManagedEntry other) =>
        Manager == other.Manager && Applied == other.Applied && ApiVersion == other.ApiVersion && Subresource == other.Subresource;

    /// <summary>All entries of an object, or null when one of them cannot be read.</summary>
    public static List<ManagedEntry>? ReadAll(JsonArray? managedFields)
    {
        List<ManagedEntry> entries = [];
        foreach (JsonNode? node in managedFields ?? [])
        {
            if (node is not JsonObject entry || entry.Text("operation") is not ("Apply" or "Update") || entry.Child("fieldsV1") is not { } fields
                || entry.Text("fieldsType") is not (null or "FieldsV1"))
            {
                return null;
            }

            try
            {
                entries.Add(new ManagedEntry(
                    entry.Text("manager") ?? string.Empty,
                    entry.Text("operation") == "Apply",
                    entry.Text("apiVersion") ?? string.Empty,
                    entry.Text("subresource") ?? string.Empty,
                    entry.Text("time"),
                    FieldSet.FromFieldsV1(fields)));
            }
            catch (FormatException)
            {
                return null;
            }
        }

        return entries;
    }

    /// <summary>Writes entries in the order of the real server: Apply before Update, then time (absent first), manager, version, subresource.</summary>
    public static JsonArray WriteAll(IEnumerable<ManagedEntry> entries)
    {
        JsonArray array = [];
        IOrderedEnumerable<ManagedEntry> ordered = entries
            .OrderBy(e => e.Applied ? 0 : 1)
            .ThenBy(e => Seconds(e.Time))
            .ThenBy(e => e.Manager, StringComparer.Ordinal)
            .ThenBy(e => e.ApiVersion, StringComparer.Ordinal)
            .ThenBy(e => e.Subresource, StringComparer.Ordinal);
        foreach (ManagedEntry entry in ordered)
        {
            JsonObject node = new() { ["manager"] = entry.Manager, ["operation"] = entry.Applied ? "Apply" : "Update", ["apiVersion"] = entry.ApiVersion };
            if (entry.Time is not null)
            {
                node["time"] = entry.Time;
            }

            node["fieldsType"] = "FieldsV1";
            node["fieldsV1"] = entry.Fields.ToFieldsV1();
            if (entry.Subresource.Length > 0)
            {
                node["subresource"] = entry.Subresource;
            }

            array.Append(node);
        }

        return array;
    }

    private static long Seconds(string? time) =>
        DateTimeOffset.TryParse(time, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset parsed) ? parsed.ToUnixTimeSeconds() : 0;
}
