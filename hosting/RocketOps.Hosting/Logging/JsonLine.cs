using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace RocketOps.Hosting.Logging;

/// <summary>
/// One line of a log as a JSON object without nesting, so that a search by field needs no path: first what every line has (<c>timestamp</c>, <c>level</c>, <c>category</c>, <c>event</c>, <c>message</c>),
/// then the fields of scopes and of the message in the order in which they are added. A name is written once: whoever comes first has it. Made for one line; not thread-safe.
/// </summary>
public sealed class JsonLine : IDisposable
{
    // Nobody embeds these lines in HTML; escaped quotes of texts would only be harder to read.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly ArrayBufferWriter<byte> _bytes = new(512);
    private readonly HashSet<string> _written = new(StringComparer.Ordinal);
    private readonly Utf8JsonWriter _json;

    public JsonLine(DateTimeOffset time, LogLevel level, string category, int eventId, string message)
    {
        _json = new Utf8JsonWriter(_bytes, Options);
        _json.WriteStartObject();
        Add("timestamp", time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
        Add("level", LogLevels.Word(level));
        Add("category", category);
        Add("event", eventId);
        Add("message", message);
    }

    /// <summary>The fields of a message's state or of a scope, as loggers give them; nothing when it has none.</summary>
    public void AddAll(object? state)
    {
        foreach ((string name, object? value) in state as IEnumerable<KeyValuePair<string, object?>> ?? [])
        {
            // Of a message's template, which is the same as the number of the event.
            if (name != "{OriginalFormat}")
            {
                Add(JsonNamingPolicy.CamelCase.ConvertName(name), value);
            }
        }
    }

    /// <summary>Numbers and truths as such, all else as text; null is left out.</summary>
    public void Add(string name, object? value)
    {
        if (value is null || !_written.Add(name))
        {
            return;
        }

        switch (value)
        {
            case bool truth:
                _json.WriteBoolean(name, truth);
                break;
            case int or long:
                _json.WriteNumber(name, Convert.ToInt64(value, CultureInfo.InvariantCulture));
                break;
            default:
                _json.WriteString(name, Convert.ToString(value, CultureInfo.InvariantCulture));
                break;
        }
    }

    /// <summary>Ends the object; without a line end.</summary>
    /// <param name="failure">What is told as <c>exception</c>, stack included; null for none.</param>
    public string End(Exception? failure)
    {
        Add("exception", failure?.ToString());
        _json.WriteEndObject();
        _json.Flush();
        return Encoding.UTF8.GetString(_bytes.WrittenSpan);
    }

    public void Dispose() => _json.Dispose();
}
