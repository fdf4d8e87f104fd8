using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace RocketOps.Kubernetes.Yaml;

/// <summary>
/// Reads YAML into JSON nodes, numbers as the two types Kubernetes knows: <see cref="long"/> and <see cref="double"/>. Plain scalars follow YAML 1.1 as Kubernetes' own
/// parser does.
/// </summary>
public static partial class YamlReading
{
    /// <summary>Aliases share nodes; expanding them is bounded so that a small document cannot become a large one.</summary>
    private const int MaxNodes = 200_000;

    /// <summary>Deepest nesting accepted; schemas of real objects stay below 40.</summary>
    private const int MaxDepth = 128;

    /// <summary>Every document of the stream; empty ones are left out.</summary>
    /// <exception cref="FormatException">Not YAML, or a mapping key is not a scalar.</exception>
    public static IReadOnlyList<JsonNode> ParseAll(string text)
    {
        List<JsonNode> documents = [];
        try
        {
            YamlStream stream = [];
            stream.Load(new StringReader(text));
            int budget = MaxNodes;
            foreach (YamlDocument document in stream.Documents)
            {
                if (Convert(document.RootNode, ref budget, 0) is { } node)
                {
                    documents.Add(node);
                }
            }
        }
        catch (YamlException e)
        {
            throw new FormatException($"yaml: line {e.Start.Line}: {e.Message}", e);
        }

        return documents;
    }

    /// <summary>True when an unquoted scalar with these characters is the string itself and not a number, boolean or null.</summary>
    public static bool ReadsAsText(string value) => Scalar(new YamlScalarNode(value) { Style = ScalarStyle.Plain }) is { } node && node.TryGetValue(out string? _);

    private static JsonNode? Convert(YamlNode node, ref int budget, int depth)
    {
        if (--budget < 0 || depth > MaxDepth)
        {
            throw new FormatException("yaml: document contains excessive aliasing or nesting");
        }

        switch (node)
        {
            case YamlMappingNode mapping:
                JsonObject result = [];
                foreach ((YamlNode key, YamlNode value) in mapping.Children)
                {
                    if (key is not YamlScalarNode { Value: { } name })
                    {
                        throw new FormatException("yaml: mapping keys must be scalars");
                    }

                    result[name] = Convert(value, ref budget, depth + 1);
                }

                return result;
            case YamlSequenceNode sequence:
                JsonArray items = [];
                foreach (YamlNode item in sequence.Children)
                {
                    items.Add(Convert(item, ref budget, depth + 1));
                }

                return items;
            case YamlScalarNode scalar:
                return Scalar(scalar);
            default:
                throw new FormatException("yaml: unsupported node");
        }
    }

    private static JsonValue? Scalar(YamlScalarNode scalar)
    {
        string value = scalar.Value ?? string.Empty;
        if (scalar.Style is not ScalarStyle.Plain || scalar.Tag is { IsEmpty: false, Value: "tag:yaml.org,2002:str" })
        {
            return JsonValue.Create(value);
        }

        switch (value)
        {
            case "" or "~" or "null" or "Null" or "NULL":
                return null;
            case "true" or "True" or "TRUE" or "y" or "Y" or "yes" or "Yes" or "YES" or "on" or "On" or "ON":
                return JsonValue.Create(true);
            case "false" or "False" or "FALSE" or "n" or "N" or "no" or "No" or "NO" or "off" or "Off" or "OFF":
                return JsonValue.Create(false);
        }

        if (DecimalInteger().IsMatch(value) && long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long integer))
        {
            return JsonValue.Create(integer);
        }

        if (value.StartsWith("0x", StringComparison.Ordinal)
            && long.TryParse(value.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out long hex))
        {
            return JsonValue.Create(hex);
        }

        if (OctalInteger().IsMatch(value))
        {
            // 0644 and 0o644, as file modes are written in manifests.
            long octal = 0;
            foreach (char digit in value.AsSpan(value[1] == 'o' ? 2 : 1))
            {
                octal = unchecked((octal * 8) + (digit - '0'));
            }

            return JsonValue.Create(octal);
        }

        if (FloatingPoint().IsMatch(value) && double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double number)
            && double.IsFinite(number))
        {
            return JsonValue.Create(number);
        }

        return JsonValue.Create(value);
    }

    [GeneratedRegex(@"^[-+]?(0|[1-9][0-9]*)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex DecimalInteger();

    [GeneratedRegex(@"^0o?[0-7]{1,20}$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex OctalInteger();

    [GeneratedRegex(@"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex FloatingPoint();
}
