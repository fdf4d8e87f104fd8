using System.Globalization;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Rules;
using RocketOps.Embedded.Api.Tables;

namespace RocketOps.Embedded.Api.Builtins;

/// <summary>The expressions of kinds.yaml: their variables and the functions they have beyond CEL's.</summary>
internal static class KindLanguage
{
    public const string None = "<none>";

    private static readonly Dictionary<string, CelFunction> Functions = new(StringComparer.Ordinal)
    {
        ["or"] = (_, a) => a[0] is null or "" ? a[1] : a[0],
        ["age"] = (scope, a) => Age(a[0] as string, (DateTimeOffset)scope.Find("now")!),
        ["count"] = (_, a) => a[0] switch { JsonObject map => (long)map.Count, JsonArray list => list.Count, _ => 0L },
        ["pick"] = (_, a) => (a[0] as JsonArray)?.OfType<JsonObject>().FirstOrDefault(item => CelValues.Same(CelValues.FieldOrNull(item, (string)a[1]!), a[2])),
        ["selector"] = (_, a) => Selector(a[0] as JsonObject),
        ["atMost"] = (_, a) => AtMost([.. CelValues.Items(a[0]).Select(CelValues.Text)], (int)(long)a[1]!),
        ["after"] = (_, a) => CelValues.Text(a[0]).Split(CelValues.Text(a[1]), 2)[^1],
        ["before"] = (_, a) => CelValues.Text(a[0]).Split(CelValues.Text(a[1]), 2)[0],
        ["trim"] = (_, a) => (a[0] as string)?.Trim(),
        ["accessModes"] = (_, a) => string.Join(',', (a[0] as JsonArray ?? []).Select(mode => AccessMode(mode.AsText()))),
        ["without"] = (_, a) => Without(a[0] as JsonObject, CelValues.Items(a[1]).Select(CelValues.Text)),
    };

    public static CelTerm Compile(string expression) => CelParser.Compile(expression, ["self", "item", "oldSelf", "now"], Functions);

    /// <summary>The variables; <paramref name="item"/> is the object itself where an expression is about nothing within it.</summary>
    public static CelScope Scope(JsonObject self, JsonObject? item = null, JsonObject? old = null, DateTimeOffset now = default) =>
        new("self", self, new CelScope("item", item ?? self, new CelScope("oldSelf", old, new CelScope("now", now))));

    private static string Age(string? time, DateTimeOffset now) =>
        DateTimeOffset.TryParse(time, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset parsed) ? HumanDuration.Since(parsed, now) : "<unknown>";

    /// <summary>A LabelSelector, or a map of labels, as <c>a=b,c in (d)</c>.</summary>
    private static string Selector(JsonObject? selector)
    {
        bool isWhole = selector is not null && (selector.ContainsKey("matchLabels") || selector.ContainsKey("matchExpressions"));
        IEnumerable<string> labels = ((isWhole ? selector!.Child("matchLabels") : selector) ?? []).OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => $"{p.Key}={p.Value.AsText()}");
        IEnumerable<string> expressions = isWhole ? (selector!.Items("matchExpressions") ?? []).OfType<JsonObject>().Select(Requirement) : [];
        return string.Join(',', labels.Concat(expressions)) is { Length: > 0 } text ? text : None;
    }

    private static string Requirement(JsonObject requirement)
    {
        string key = requirement.Text("key") ?? string.Empty;
        string values = string.Join(',', (requirement.Items("values") ?? []).Select(v => v.AsText()));
        return requirement.Text("operator") switch
        {
            "In" => $"{key} in ({values})",
            "NotIn" => $"{key} notin ({values})",
            "DoesNotExist" => "!" + key,
            _ => key,
        };
    }

    private static string AtMost(string[] all, int shown) => all.Length == 0
        ? "<unset>"
        : string.Join(',', all.Take(shown)) + (all.Length > shown ? $" + {all.Length - shown} more..." : string.Empty);

    private static string? AccessMode(string? mode) => mode switch
    {
        "ReadWriteOnce" => "RWO",
        "ReadOnlyMany" => "ROX",
        "ReadWriteMany" => "RWX",
        "ReadWriteOncePod" => "RWOP",
        var other => other,
    };

    private static JsonObject Without(JsonObject? obj, IEnumerable<string> paths)
    {
        JsonObject copy = obj?.Copy() ?? [];
        foreach (string path in paths)
        {
            int dot = path.LastIndexOf('.');
            foreach ((JsonObject holder, _) in new FieldPath(path[..Math.Max(0, dot)]).Find(copy, create: false))
            {
                holder.Remove(path[(dot + 1)..]);
            }
        }

        return copy;
    }
}
