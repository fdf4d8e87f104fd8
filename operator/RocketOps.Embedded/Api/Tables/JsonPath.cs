using System.Globalization;
using System.Text.Json;

namespace RocketOps.Embedded.Api.Tables;

/// <summary>
/// The JSONPath of printer columns: dotted fields (<c>\.</c> inside a key), <c>['key']</c>, <c>[0]</c>, <c>[*]</c>, <c>[?(@.type=="Ready")]</c>.
/// </summary>
internal sealed class JsonPath
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
        int i = 0;
        while (i < source.Length)
        {
            if (source[i] == '[')
            {
                int end = Close(source, i);
                path._steps.Add(Bracket(source[(i + 1)..end].Trim(), text));
                i = end + 1;
                continue;
            }

            if (source[i] == '.')
            {
                i++;
            }

            System.Text.StringBuilder name = new();
            while (i < source.Length && source[i] is not ('.' or '['))
            {
                if (source[i] == '\\' && i + 1 < source.Length)
                {
                    i++;
                }

                name.Append(source[i++]);
            }

            if (name.Length > 0)
            {
                path._steps.Add(name.ToString() == "*" ? JsonPathStep.All : JsonPathStep.Of(name.ToString()));
            }
        }

        return path;
    }

    /// <summary>The first match, or null. Printer columns show only one.</summary>
    public JsonElement? First(JsonElement root) => First(root, 0);

    private JsonElement? First(JsonElement element, int step)
    {
        if (step == _steps.Count)
        {
            return element;
        }

        foreach (JsonElement match in _steps[step].Select(element))
        {
            if (First(match, step + 1) is { } found)
            {
                return found;
            }
        }

        return null;
    }

    private static int Close(string source, int open)
    {
        char quote = '\0';
        for (int i = open; i < source.Length; i++)
        {
            char c = source[i];
            if (quote != '\0')
            {
                quote = c == quote ? '\0' : quote;
            }
            else if (c is '"' or '\'')
            {
                quote = c;
            }
            else if (c == ']')
            {
                return i;
            }
        }

        throw new FormatException($"unterminated array in {source}");
    }

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
}
