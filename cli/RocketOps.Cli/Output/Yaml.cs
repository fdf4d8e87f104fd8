using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace RocketOps.Cli.Output;

/// <summary>JSON values as YAML in block style. A text that YAML could read as something else is written in double quotes, which YAML takes from JSON.</summary>
internal static class Yaml
{
    private const string PlainLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./%";
    private static readonly JsonSerializerOptions Quoted = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly string[] Words = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];

    public static string Write(JsonNode? node)
    {
        StringBuilder text = new();
        Write(text, node, 0, startsLine: true);
        return text.ToString();
    }

    private static void Write(StringBuilder text, JsonNode? node, int indent, bool startsLine)
    {
        switch (node)
        {
            case JsonArray { Count: > 0 } list:
                foreach (JsonNode? item in list)
                {
                    text.Append(' ', startsLine ? indent : 0).Append("- ");
                    Write(text, item, indent + 2, startsLine: false);
                    startsLine = true;
                }

                break;
            case JsonObject { Count: > 0 } map:
                foreach ((string name, JsonNode? value) in map)
                {
                    text.Append(' ', startsLine ? indent : 0).Append(Scalar(name)).Append(':');
                    bool isBlock = value is JsonObject { Count: > 0 } or JsonArray { Count: > 0 };
                    text.Append(isBlock ? '\n' : ' ');
                    Write(text, value, isBlock ? indent + 2 : 0, startsLine: isBlock);
                    startsLine = true;
                }

                break;
            default:
                text.Append(node is JsonValue scalar && scalar.GetValueKind() == JsonValueKind.String ? Scalar(scalar.GetValue<string>()) : node?.ToJsonString() ?? "null").Append('\n');
                break;
        }
    }

    private static string Scalar(string text)
    {
        bool isPlain = text.Length > 0 && char.IsAsciiLetter(text[0]) && text.All(PlainLetters.Contains) && !Words.Contains(text, StringComparer.OrdinalIgnoreCase);
        return isPlain ? text : JsonValue.Create(text).ToJsonString(Quoted);
    }
}
