using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace RocketOps.Client;

/// <summary>
/// Reads and writes a queue as a value and as a map key. RocketMQ uses the bean itself as key; <see cref="RocketOps.Protocol.Json.LenientJson"/> hands such a key on as the
/// bean's text. Unknown members are passed over, as everywhere in the protocol.
/// </summary>
internal sealed class MessageQueueJsonConverter : JsonConverter<MessageQueue>
{
    public override MessageQueue Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException("a message queue is an object");
        }

        string topic = string.Empty;
        string brokerName = string.Empty;
        int queueId = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("topic"u8))
            {
                topic = ReadText(ref reader);
            }
            else if (reader.ValueTextEquals("brokerName"u8))
            {
                brokerName = ReadText(ref reader);
            }
            else if (reader.ValueTextEquals("queueId"u8))
            {
                queueId = reader.Read() && reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out int value) ? value : throw new JsonException("queueId is no 32-bit number");
            }
            else
            {
                reader.Skip();
            }
        }

        return new MessageQueue(topic, brokerName, queueId);
    }

    public override void Write(Utf8JsonWriter writer, MessageQueue value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        writer.WriteString("brokerName"u8, value.BrokerName);
        writer.WriteNumber("queueId"u8, value.QueueId);
        writer.WriteString("topic"u8, value.Topic);
        writer.WriteEndObject();
    }

    public override MessageQueue ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        Utf8JsonReader key = new(Encoding.UTF8.GetBytes(reader.GetString()!));
        return key.Read() ? Read(ref key, typeToConvert, options) : throw new JsonException("the key is no message queue");
    }

    public override void WriteAsPropertyName(Utf8JsonWriter writer, MessageQueue value, JsonSerializerOptions options) =>
        throw new NotSupportedException("maps keyed by a bean are written with FastJsonWriter, as their text is no strict JSON");

    private static string ReadText(ref Utf8JsonReader reader)
    {
        _ = reader.Read();
        return reader.TokenType switch
        {
            JsonTokenType.String => reader.GetString()!,
            JsonTokenType.Null => string.Empty,
            _ => throw new JsonException("text expected"),
        };
    }
}
