using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using RocketOps.Embedded.Api.Errors;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Metadata;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Embedded.Api.Selectors;

/// <summary>
/// Reads the query form of a label selector, <c>a</c>, <c>!a</c>, <c>a=b</c>, <c>a!=b</c>, <c>a in (x,y)</c>, <c>a notin (x)</c>, joined by commas, step by step as k8s.io/apimachinery pkg/labels does, whose refusals name the step that failed.
/// </summary>
internal sealed partial class LabelSelectorParser
{
    // What the lexer gives at the end; it never gives an empty word otherwise.
    private const string End = "";

    private readonly List<string> _tokens;
    private int _position;

    private LabelSelectorParser(string text) => _tokens = [.. Token().Matches(text).Select(match => match.Value)];

    private string Next => _position < _tokens.Count ? _tokens[_position] : End;

    /// <exception cref="ApiErrorException">400 in the words of the real parser.</exception>
    public static LabelSelector Parse(string? text) =>
        string.IsNullOrWhiteSpace(text) ? new LabelSelector() : new LabelSelector { MatchExpressions = new LabelSelectorParser(text).Parse() };

    private List<LabelSelectorRequirement> Parse()
    {
        List<LabelSelectorRequirement> requirements = [];
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

    private LabelSelectorRequirement Requirement()
    {
        bool absent = Next == "!";
        string key = absent ? (Take(), Take()).Item2 : Take();

        if (!IsWord(key))
        {
            throw Bad($"found '{key}', expected: identifier");
        }

        if (LabelSyntax.KeyProblems(key).ToArray() is { Length: > 0 } problems)
        {
            throw Bad($"<nil>: Invalid value: {Quote(key)}: {string.Join("; ", problems)}");
        }

        if (absent || Next is End or ",")
        {
            return new LabelSelectorRequirement { Key = key, Operator = absent ? "DoesNotExist" : "Exists" };
        }

        string op = Take();
        return op switch
        {
            "=" or "==" => Checked(key, "In", [ExactValue()]),
            "!=" => Checked(key, "NotIn", [ExactValue()]),
            "in" => Checked(key, "In", Values()),
            "notin" => Checked(key, "NotIn", Values()),
            ">" => Checked(key, "Gt", [ExactValue()]),
            "<" => Checked(key, "Lt", [ExactValue()]),
            _ => throw Bad($"found '{op}', expected: in, notin, =, ==, !=, gt, lt"),
        };
    }

    private static LabelSelectorRequirement Checked(string key, string op, List<string> values)
    {
        List<string> problems = [];
        for (int i = 0; i < values.Count; i++)
        {
            string value = Quote(values[i]);
            if (op is "Gt" or "Lt" && !long.TryParse(values[i], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _))
            {
                problems.Add($"values[{i}]: Invalid value: {value}: for 'Gt', 'Lt' operators, the value must be an integer");
            }

            if (LabelSyntax.ValueProblems(values[i]).ToArray() is { Length: > 0 } wrong)
            {
                problems.Add($"values[{i}][{key}]: Invalid value: {value}: {string.Join("; ", wrong)}");
            }
        }

        return problems.Count switch
        {
            0 => new LabelSelectorRequirement { Key = key, Operator = op, Values = values },
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
    private List<string> Values()
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
            bool isWord = needsValue && IsWord(token);
            if (!isWord && token is not ("," or ")"))
            {
                throw Bad($"found '{token}', expected: ',' or ')'");
            }

            if (needsValue)
            {
                values.Add(isWord ? token : string.Empty);
            }

            if (token == ")")
            {
                return [.. values];
            }

            needsValue = !isWord;
        }
    }

    [GeneratedRegex(@"==|!=|[=!<>(),]|[^\s=!<>(),]+", RegexOptions.None, 1000)]
    private static partial Regex Token();
}
