using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace RocketOps.Embedded.Api.Tables;

/// <summary>
/// The JSONPath of printer columns: dotted fields (<c>\.</c> inside a key), <c>['key']</c>, <c>[0]</c>, <c>[*]</c>, <c>[?(@.type=="Ready")]</c>.
/// </summary>
internal sealed partial class JsonPath
{
    private readonly List<JsonPathStep> _steps = [];

    private JsonPath()
    {
    }

    /// <exception cref="FormatException">The path is not understood.</exception>
    public static JsonPath Parse(string text)
    {
        JsonPath path = new();
        string source = text is ['{', .., '}'] ? text[1..^1] : text;
        int end = 0;
        foreach (Match step in Step().Matches(source))
        {
            end = step.Index + step.Length;
            string name = Escape().Replace(step.Groups["name"].Value, "${escaped}");
            if (step.Groups["inside"] is { Success: true, Value: var inside })
            {
                path._steps.Add(Bracket(inside.Trim(), text));
            }
            else if (name.Length > 0)
            {
                path._steps.Add(name == "*" ? JsonPathStep.All : JsonPathStep.Of(name));
            }
        }

        return end == source.Length ? path : throw new FormatException($"unterminated array in {source}");
    }

    /// <summary>The first match, or null. Printer columns show only one.</summary>
    public JsonElement? First(JsonElement root) => First(root, 0);

    private JsonElement? First(JsonElement element, int step) => step == _steps.Count
        ? element
        : _steps[step].Select(element).Select(match => First(match, step + 1)).FirstOrDefault(found => found is not null);

    private static JsonPathStep Bracket(string inside, string whole)
    {
        if (inside == "*")
        {
            return JsonPathStep.All;
        }

        if (inside is ['\'', .., '\''] or ['"', .., '"'])
        {
            return JsonPathStep.Of(inside[1..^1]);
        }

        if (int.TryParse(inside, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int index))
        {
            return JsonPathStep.At(index);
        }

        if (inside.StartsWith("?(", StringComparison.Ordinal) && inside.EndsWith(')'))
        {
            string condition = inside[2..^1].Trim();
            foreach (string op in (ReadOnlySpan<string>)["==", "!="])
            {
                int at = condition.IndexOf(op, StringComparison.Ordinal);
                if (at > 0 && condition.StartsWith("@.", StringComparison.Ordinal))
                {
                    string value = condition[(at + 2)..].Trim();
                    value = value is ['"', .., '"'] or ['\'', .., '\''] ? value[1..^1] : value;
                    return JsonPathStep.Where(Parse(condition[1..at].Trim()), op == "==", value);
                }
            }
        }

        throw new FormatException($"unsupported JSONPath {whole}");
    }

    [GeneratedRegex(@"\G(\.?(?<name>(\\.|[^.\[\\])+)|\[(?<inside>([^\]""']|""[^""]*""|'[^']*')*)\]|\.)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Step();

    [GeneratedRegex(@"\\(?<escaped>.)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Escape();
}
