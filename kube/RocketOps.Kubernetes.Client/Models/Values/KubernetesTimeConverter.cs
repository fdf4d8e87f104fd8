using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace RocketOps.Kubernetes.Models;

/// <summary><c>metav1.Time</c>: RFC 3339 in UTC with whole seconds. Reads any fraction.</summary>
public sealed class KubernetesTimeConverter() : KubernetesTimeConverterBase("yyyy-MM-dd'T'HH:mm:ss'Z'");

/// <summary>
/// <c>metav1.MicroTime</c> of leases and events: exactly six fraction digits. The server refuses .NET's round-trip format, which has seven.
/// </summary>
public sealed class KubernetesMicroTimeConverter() : KubernetesTimeConverterBase("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'");

/// <summary>Times in UTC, written in one form and read with any fraction.</summary>
public abstract class KubernetesTimeConverterBase : JsonConverter<DateTimeOffset?>
{
    private readonly string _format;

    private protected KubernetesTimeConverterBase(string format) => _format = format;

    public override DateTimeOffset? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.Null ? null : reader.GetDateTimeOffset();

    public override void Write(Utf8JsonWriter writer, DateTimeOffset? value, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(writer);
        if (value is not { } time)
        {
            writer.WriteNullValue();
            return;
        }

        writer.WriteStringValue(time.UtcDateTime.ToString(_format, CultureInfo.InvariantCulture));
    }
}
