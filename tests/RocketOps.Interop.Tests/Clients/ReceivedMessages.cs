using System.Text.Json;

namespace RocketOps.Interop.Tests.Clients;

/// <summary>Reads the <c>message</c> lines that the Java and the Node client print alike.</summary>
internal static class ReceivedMessages
{
    public static ClientMessage Parse(JsonElement line) => new(
        Text(line, "tags"),
        Text(line, "keys"),
        line.GetProperty("bodySha256").GetString()!,
        line.GetProperty("bodySize").GetInt32(),
        line.GetProperty("properties").EnumerateObject().ToDictionary(property => property.Name, property => property.Value.ToString(), StringComparer.Ordinal));

    private static string? Text(JsonElement line, string name) =>
        line.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
