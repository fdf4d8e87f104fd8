using System.Text.Json;
using System.Text.Json.Serialization;
using RocketOps.Broker.Filtering.Sql92;

namespace RocketOps.Broker.Filtering;

/// <summary>Texts that are the same in nearly all subscriptions of all clients: the common ones are not made again for each.</summary>
internal sealed class CommonTextConverter : JsonConverter<string>
{
    public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.String)
        {
            throw new JsonException($"{reader.TokenType} instead of a text");
        }

        return reader.ValueTextEquals("*"u8) ? SubscriptionData.All
            : reader.ValueTextEquals("TAG"u8) ? SubscriptionData.TagExpression
            : reader.ValueTextEquals(SqlExpression.TypeNameUtf8) ? SqlExpression.TypeName
            : reader.GetString();
    }

    public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WriteStringValue(value);
}
