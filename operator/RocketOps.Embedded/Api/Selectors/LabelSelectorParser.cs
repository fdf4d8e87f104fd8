using System.Globalization;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Errors;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Writing;

namespace RocketOps.Embedded.Api.Selectors;

/// <summary>
/// Reads the query form of a label selector step by step as k8s.io/apimachinery pkg/labels does, whose refusals name the step that failed.
/// </summary>
internal sealed class LabelSelectorParser(string text)
{
    // What the lexer gives at the end; it never gives an empty word otherwise.
    private const string End = "";

    private readonly List<string> _tokens = Split(text);
    private int _position;

    private string Next => _position < _tokens.Count ? _tokens[_position] : End;

    /// <exception cref="ApiErrorException">400.</exception>
    public IReadOnlyList<LabelRequirement> Parse()
    {
        List<LabelRequirement> requirements = [];
        if (Next != "!" && !IsWord(Next))
        {
            throw ApiErrors.BadRequest($"found '{Next}', expected: !, identifier, or 'end of string'");
        }

        while (true)
        {
            requirements.Add(Requirement());
            string separator = Take();
            if (separator == End)
            {
                return requirements;
            }

            if (separator != ",")
            {
                throw ApiErrors.BadRequest($"found '{separator}', expected: ',' or 'end of string'");
            }

            if (Next != "!" && !IsWord(Next))
            {
                throw ApiErrors.BadRequest($"found '{Next}', expected: identifier after ','");
            }
        }
    }

    private static bool IsWord(string token) => token.Length > 0 && token is not ("=" or "==" or "!" or "!=" or ">" or "<" or "(" or ")" or ",");

    private static ApiErrorException Bad(string why) => ApiErrors.BadRequest("unable to parse requirement: " + why);

    private static string Quote(string value) => JsonValue.Create(value).ToText();

    private string Take() => _position < _tokens.Count ? _tokens[_position++] : End;

    private LabelRequirement Requirement()
    {
        string key = Take();
        bool absent = key == "!";
        if (absent)
        {
            key = Take();
        }

        if (!IsWord(key))
        {
            throw Bad($"found '{key}', expected: identifier");
        }

        string[] problems = [.. LabelSyntax.KeyProblems(key)];
        if (problems.Length > 0)
        {
            throw Bad($"<nil>: Invalid value: {Quote(key)}: {string.Join("; ", problems)}");
        }

        if (absent)
        {
            return new LabelRequirement(key, LabelOperator.Absent, []);
        }

        if (Next is End or ",")
        {
            return new LabelRequirement(key, LabelOperator.Present, []);
        }

        string op = Take();
        return op switch
        {
            "=" or "==" => Checked(key, LabelOperator.In, [ExactValue()]),
            "!=" => Checked(key, LabelOperator.NotIn, [ExactValue()]),
            "in" => Checked(key, LabelOperator.In, Values()),
            "notin" => Checked(key, LabelOperator.NotIn, Values()),
            ">" => Checked(key, LabelOperator.GreaterThan, [ExactValue()]),
            "<" => Checked(key, LabelOperator.LessThan, [ExactValue()]),
            _ => throw Bad($"found '{op}', expected: in, notin, =, ==, !=, gt, lt"),
        };
    }

    private static LabelRequirement Checked(string key, LabelOperator op, IReadOnlyList<string> values)
    {
        List<string> problems = [];
        for (int i = 0; i < values.Count; i++)
        {
            if (op is LabelOperator.GreaterThan or LabelOperator.LessThan
                && !long.TryParse(values[i], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _))
            {
                problems.Add($"values[{i}]: Invalid value: {Quote(values[i])}: for 'Gt', 'Lt' operators, the value must be an integer");
            }

            string[] wrong = [.. LabelSyntax.ValueProblems(values[i])];
            if (wrong.Length > 0)
            {
                problems.Add($"values[{i}][{key}]: Invalid value: {Quote(values[i])}: {string.Join("; ", wrong)}");
            }
        }

        return problems.Count switch
        {
            0 => new LabelRequirement(key, op, values),
            1 => throw Bad(problems[0]),
            _ => throw Bad($"[{string.Join(", ", problems)}]"),
        };
    }

    private string ExactValue()
    {
        if (Next is End or ",")
        {
            return string.Empty;
        }

        string value = Take();
        return IsWord(value) ? value : throw Bad($"found '{value}', expected: identifier");
    }

    /// <summary>The values between parentheses, sorted; a missing one between commas is the empty value.</summary>
    private IReadOnlyList<string> Values()
    {
        string open = Take();
        if (open != "(")
        {
            throw Bad($"found '{open}' expected: '('");
        }

        SortedSet<string> values = new(StringComparer.Ordinal);
        bool needsValue = true;
        if (Next is not (")" or ",") && !IsWord(Next))
        {
            throw Bad($"found '{Next}', expected: ',', ')' or identifier");
        }

        while (true)
        {
            string token = Take();
            if (token is "," or ")")
            {
                if (needsValue)
                {
                    values.Add(string.Empty);
                }

                if (token == ")")
                {
                    return [.. values];
                }

                needsValue = true;
            }
            else if (needsValue && IsWord(token))
            {
                values.Add(token);
                needsValue = false;
            }
            else
            {
                throw Bad($"found '{token}', expected: ',' or ')'");
            }
        }
    }

    private static List<string> Split(string text)
    {
        List<string> tokens = [];
        int i = 0;
        while (i < text.Length)
        {
            char c = text[i];
            if (char.IsWhiteSpace(c))
            {
                i++;
            }
            else if (IsSymbol(c))
            {
                int length = c is '=' or '!' && i + 1 < text.Length && text[i + 1] == '=' ? 2 : 1;
                tokens.Add(text.Substring(i, length));
                i += length;
            }
            else
            {
                int start = i;
                while (i < text.Length && !char.IsWhiteSpace(text[i]) && !IsSymbol(text[i]))
                {
                    i++;
                }

                tokens.Add(text[start..i]);
            }
        }

        return tokens;
    }

    private static bool IsSymbol(char c) => c is '=' or '!' or '>' or '<' or '(' or ')' or ',';
}
