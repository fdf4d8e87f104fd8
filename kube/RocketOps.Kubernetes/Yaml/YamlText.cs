using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace RocketOps.Kubernetes.Yaml;

/// <summary>
/// JSON as block-style YAML that does not change from run to run: keys sorted, nulls left out, strings quoted when a YAML 1.1 reader could take them for
/// something else. For files that are generated, reviewed and compared.
/// </summary>
public static class YamlText
{
    /// <summary>Plain words that YAML 1.1 reads as booleans or null.</summary>
    private static readonly HashSet<string> Reserved = new(StringComparer.OrdinalIgnoreCase) { "true", "false", "yes", "no", "on", "off", "null", "y", "n", "~" };

    public static string Write(JsonNode node)
    {
        ArgumentNullException.ThrowIfNull(node);
        StringBuilder text = new();
        WriteNode(text, node, indent: 0);
        return text.ToString();
    }

    private static void WriteNode(StringBuilder text, JsonNode? node, int indent)
    {
        switch (node)
        {
            case JsonObject map:
                WriteMap(text, map, indent, firstIndented: true);
                break;
            case JsonArray list:
                WriteList(text, list, indent);
                break;
            default:
                text.Append(Scalar(node)).Append('\n');
                break;
        }
    }

    private static void WriteMap(StringBuilder text, JsonObject map, int indent, bool firstIndented)
    {
        foreach ((string? key, JsonNode? value) in map.Where(p => p.Value is not null).OrderBy(p => p.Key, StringComparer.Ordinal))
        {
            if (firstIndented)
            {
                text.Append(' ', indent);
            }

            firstIndented = true;
            text.Append(Text(key)).Append(':');
            switch (value)
            {
                case JsonObject { Count: > 0 } child:
                    text.Append('\n');
                    WriteMap(text, child, indent + 2, firstIndented: true);
                    break;
                case JsonArray { Count: > 0 } list:
                    text.Append('\n');
                    WriteList(text, list, indent);
                    break;
                default:
                    text.Append(' ').Append(Scalar(value)).Append('\n');
                    break;
            }
        }
    }

    private static void WriteList(StringBuilder text, JsonArray list, int indent)
    {
        foreach (JsonNode? item in list)
        {
            text.Append(' ', indent).Append("- ");
            switch (item)
            {
                case JsonObject { Count: > 0 } map:
                    WriteMap(text, map, indent + 2, firstIndented: false);
                    break;
                case JsonArray { Count: > 0 }:
                    throw new NotSupportedException("Lists of lists do not occur in Kubernetes objects.");
                default:
                    text.Append(Scalar(item)).Append('\n');
                    break;
            }
        }
    }

    private static string Scalar(JsonNode? node) => node switch
    {
        null => "null",
        JsonObject => "{}",
        JsonArray => "[]",
        _ when node.GetValueKind() == JsonValueKind.String => Text(node.GetValue<string>()),
        _ => node.ToJsonString(),
    };

    /// <summary>A JSON string is a double-quoted YAML string.</summary>
    private static string Text(string value) =>
        IsPlain(value) ? value : $"\"{JsonEncodedText.Encode(value, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"";

    private static bool IsPlain(string value)
    {
        if (value.Length == 0 || Reserved.Contains(value) || value[0] is ' ' or '-' or '?' or ':' or ',' or '[' or ']' or '{' or '}' or '#' or '&' or '*'
            or '!' or '|' or '>' or '\'' or '"' or '%' or '@' or '`' or '=' or '<' or '.' or '+' || char.IsAsciiDigit(value[0]) || value[^1] is ' ' or ':')
        {
            return false;
        }

        if (double.TryParse(value, NumberStyles.Any, CultureInfo.InvariantCulture, out _))
        {
            return false;
        }

        for (int i = 0; i < value.Length; i++)
        {
            if (char.IsControl(value[i]) || value[i] > '~' || (value[i] == ':' && value[i + 1] == ' ') || (value[i] == '#' && value[i - 1] == ' '))
            {
                return false;
            }
        }

        return true;
    }
}
