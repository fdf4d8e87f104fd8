using System.Text.Json.Nodes;

namespace RocketOps.Embedded.Api.Apply;

/// <summary>A place in an object: absent, or present with a value that may be JSON null.</summary>
internal readonly record struct Slot(bool Present, JsonNode? Value)
{
    public static readonly Slot Absent;

    public static Slot Of(JsonNode? value) => new(true, value);

    public static Slot In(JsonObject? obj, string name) => obj is not null && obj.TryGetPropertyValue(name, out JsonNode? value) ? new Slot(true, value) : Absent;
}
