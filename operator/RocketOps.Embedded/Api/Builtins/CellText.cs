using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Resources;
using RocketOps.Embedded.Api.Tables;
using RocketOps.Kubernetes.Dynamic;

namespace RocketOps.Embedded.Api.Builtins;

/// <summary>What the Table cells of built-in kinds are made of.</summary>
internal static class CellText
{
    public const string None = "<none>";

    public static JsonElement? At(JsonElement obj, params ReadOnlySpan<string> path)
    {
        foreach (string name in path)
        {
            obj = obj.Field(name);
        }

        return obj.Exists() ? obj : null;
    }

    public static string Text(JsonElement obj, params ReadOnlySpan<string> path) => Of(At(obj, path));

    public static string TextOr(JsonElement obj, string otherwise, params ReadOnlySpan<string> path) => Of(At(obj, path)) is { Length: > 0 } text ? text : otherwise;

    public static long Number(JsonElement obj, params ReadOnlySpan<string> path) => At(obj, path) is { ValueKind: JsonValueKind.Number } n && n.TryGetInt64(out long value) ? value : 0;

    public static IEnumerable<JsonElement> Items(JsonElement obj, params ReadOnlySpan<string> path) =>
        At(obj, path) is { ValueKind: JsonValueKind.Array } array ? array.EnumerateArray() : [];

    public static int Count(JsonElement obj, string name) => At(obj, name) switch
    {
        { ValueKind: JsonValueKind.Object } map => map.EnumerateObject().Count(),
        { ValueKind: JsonValueKind.Array } list => list.GetArrayLength(),
        _ => 0,
    };

    public static string Name(JsonElement obj) => Text(obj, "metadata", "name");

    public static string Age(JsonElement obj, RulesContext context) => Since(Text(obj, "metadata", "creationTimestamp"), context, "<unknown>");

    public static string Since(string time, RulesContext context, string otherwise) =>
        DateTimeOffset.TryParse(time, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset parsed)
            ? HumanDuration.Since(parsed, context.Now)
            : otherwise;

    /// <summary>A LabelSelector, or a map of labels, as <c>a=b,c in (d)</c>.</summary>
    public static string Selector(JsonElement? selector)
    {
        if (selector is not { ValueKind: JsonValueKind.Object } s)
        {
            return None;
        }

        bool labelSelector = s.Has("matchLabels") || s.Has("matchExpressions");
        IEnumerable<string> labels = (labelSelector ? At(s, "matchLabels") : s) is { } map
            ? map.EnumerateObject().OrderBy(p => p.Name, StringComparer.Ordinal).Select(p => $"{p.Name}={p.Value.GetString()}")
            : [];
        IEnumerable<string> expressions = labelSelector ? Items(s, "matchExpressions").Select(Expression) : [];
        string text = string.Join(',', labels.Concat(expressions));
        return text.Length == 0 ? None : text;
    }

    public static string Containers(JsonElement obj) => string.Join(',', Items(obj, "spec", "template", "spec", "containers").Select(c => Text(c, "name")));

    public static string Images(JsonElement obj) => string.Join(',', Items(obj, "spec", "template", "spec", "containers").Select(c => Text(c, "image")));

    /// <summary>Cells from values; numbers stay numbers even where the column says string, as the real server writes them.</summary>
    public static JsonArray Row(params ReadOnlySpan<JsonNode?> cells) => new(cells.ToArray());

    private static string Expression(JsonElement e)
    {
        string key = Text(e, "key");
        string values = string.Join(',', Items(e, "values").Select(v => v.GetString()));
        return Text(e, "operator") switch
        {
            "In" => $"{key} in ({values})",
            "NotIn" => $"{key} notin ({values})",
            "DoesNotExist" => "!" + key,
            _ => key,
        };
    }

    private static string Of(JsonElement? value) => value switch
    {
        null => string.Empty,
        { ValueKind: JsonValueKind.String } text => text.GetString()!,
        { } other => other.GetRawText(),
    };
}
