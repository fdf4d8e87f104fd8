using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace RocketOps.Kubernetes.Models;

/// <summary>Quantities travel as strings; people also write plain numbers, which schemas of custom resources let through.</summary>
public sealed class QuantityConverter : JsonConverter<Quantity>
{
    public override Quantity Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        string? text = reader.TokenType switch
        {
            JsonTokenType.String => reader.GetString(),
            JsonTokenType.Number => Encoding.UTF8.GetString(reader.ValueSpan),
            _ => null,
        };
        return Quantity.TryParse(text, out Quantity? quantity) ? quantity : throw new JsonException($"'{text}' is not a quantity such as 20Gi, 500m or 2.");
    }

    public override void Write(Utf8JsonWriter writer, Quantity value, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentNullException.ThrowIfNull(value);
        writer.WriteStringValue(value.ToString());
    }
}
