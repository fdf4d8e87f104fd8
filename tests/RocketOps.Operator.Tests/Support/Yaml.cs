using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace RocketOps.Operator.Tests.Support;

/// <summary>Reads manifests as JSON, and writes JSON as YAML with sorted keys so that golden files differ only where the content does.</summary>
internal static class Yaml
{
    public static IEnumerable<JsonNode> ReadAll(string text)
    {
        YamlStream stream = new();
        stream.Load(new StringReader(text));
        return stream.Documents.Select(static document => ToJson(document.RootNode)!).ToArray();
    }

    public static string Write(JsonNode node)
    {
        StringBuilder text = new();
        WriteNode(text, node, 0);
        return text.ToString();
    }

    private static JsonNode? ToJson(YamlNode node) => node switch
    {
        YamlMappingNode map => new JsonObject(map.Children.Select(static pair =>
            new KeyValuePair<string, JsonNode?>(((YamlScalarNode)pair.Key).Value!, ToJson(pair.Value)))),
        YamlSequenceNode list => new JsonArray([.. list.Children.Select(ToJson)]),
        YamlScalarNode { Style: ScalarStyle.Plain } scalar => PlainScalar(scalar.Value ?? ""),
        YamlScalarNode scalar => JsonValue.Create(scalar.Value),
        _ => throw new InvalidOperationException($"{node.NodeType} is not supported."),
    };

    private static JsonValue? PlainScalar(string value) => value switch
    {
        "" or "null" or "~" => null,
        "true" => JsonValue.Create(true),
        "false" => JsonValue.Create(false),
        _ when long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) => JsonValue.Create(number),
        _ => JsonValue.Create(value),
    };

    private static void WriteNode(StringBuilder text, JsonNode? node, int indent)
    {
        switch (node)
        {
            case JsonObject { Count: > 0 } map:
                WriteMap(text, map, indent, firstInline: false);
                break;
            case JsonArray { Count: > 0 } list:
                WriteList(text, list, indent);
                break;
            default:
                throw new InvalidOperationException("A document starts with a map or list.");
        }
    }

    private static void WriteMap(StringBuilder text, JsonObject map, int indent, bool firstInline)
    {
        bool first = firstInline;
        foreach ((string? key, JsonNode? value) in map.OrderBy(static pair => pair.Key, StringComparer.Ordinal))
        {
            text.Append(' ', first ? 0 : indent).Append(key).Append(':');
            first = false;
            WriteValue(text, value, indent + 2);
        }
    }

    private static void WriteList(StringBuilder text, JsonArray list, int indent)
    {
        foreach (JsonNode? item in list)
        {
            text.Append(' ', indent).Append('-');
            if (item is JsonObject { Count: > 0 } map)
            {
                text.Append(' ');
                WriteMap(text, map, indent + 2, firstInline: true);
            }
            else
            {
                WriteValue(text, item, indent + 2);
            }
        }
    }

    private static void WriteValue(StringBuilder text, JsonNode? value, int indent)
    {
        switch (value)
        {
            case JsonObject { Count: > 0 } map:
                text.Append('\n');
                WriteMap(text, map, indent, firstInline: false);
                break;
            case JsonArray { Count: > 0 } list:
                text.Append('\n');
                WriteList(text, list, indent);
                break;
            case JsonValue scalar when scalar.TryGetValue<string>(out string? content) && content.Contains('\n', StringComparison.Ordinal):
                text.Append(" |\n");
                foreach (string line in content.TrimEnd('\n').Split('\n'))
                {
                    text.Append(' ', indent).Append(line).Append('\n');
                }

                break;
            default:
                // JSON scalars are YAML scalars; strings stay quoted, so "8" and 8 never look alike.
                text.Append(' ').Append(value?.ToJsonString() ?? "null").Append('\n');
                break;
        }
    }
}
