using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace RocketOps.Kubernetes.Models;

/// <summary>A port number or a port's name; a count or a percentage.</summary>
[JsonConverter(typeof(IntOrStringConverter))]
public readonly record struct IntOrString
{
    private readonly int _number;

    public IntOrString(int number) => _number = number;

    public IntOrString(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        Text = text;
    }

    /// <summary>Null when the value is a number.</summary>
    public string? Text { get; }

    /// <summary>Null when the value is a string.</summary>
    public int? Number => Text is null ? _number : null;

    public static implicit operator IntOrString(int number) => new(number);

    public static implicit operator IntOrString(string text) => new(text);

    public override string ToString() => Text ?? _number.ToString(CultureInfo.InvariantCulture);
}

public sealed class IntOrStringConverter : JsonConverter<IntOrString>
{
    public override IntOrString Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.TokenType switch
    {
        JsonTokenType.Number => new IntOrString(reader.GetInt32()),
        JsonTokenType.String => new IntOrString(reader.GetString()!),
        _ => throw new JsonException($"A number or a string was expected, not {reader.TokenType}."),
    };

    public override void Write(Utf8JsonWriter writer, IntOrString value, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(writer);
        if (value.Number is { } number)
        {
            writer.WriteNumberValue(number);
        }
        else
        {
            writer.WriteStringValue(value.Text);
        }
    }
}
