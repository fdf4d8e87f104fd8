using RocketOps.Embedded.Api.Errors;

namespace RocketOps.Embedded.Api.Selectors;

/// <summary>A label selector in its query form: <c>a</c>, <c>!a</c>, <c>a=b</c>, <c>a!=b</c>, <c>a in (x,y)</c>, <c>a notin (x)</c>, joined by commas.</summary>
internal sealed class LabelSelector
{
    public static readonly LabelSelector Everything = new([]);

    private readonly IReadOnlyList<LabelRequirement> _requirements;

    private LabelSelector(IReadOnlyList<LabelRequirement> requirements) => _requirements = requirements;

    public bool IsEverything => _requirements.Count == 0;

    public bool Matches(IReadOnlyDictionary<string, string> labels)
    {
        foreach (LabelRequirement requirement in _requirements)
        {
            if (!requirement.Matches(labels))
            {
                return false;
            }
        }

        return true;
    }

    /// <exception cref="ApiErrorException">400 in the words of the real parser.</exception>
    public static LabelSelector Parse(string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return Everything;
        }

        List<string> tokens = Tokens(text);
        List<LabelRequirement> requirements = [];
        int position = 0;
        while (true)
        {
            requirements.Add(Requirement(tokens, ref position));
            if (position == tokens.Count)
            {
                return new LabelSelector(requirements);
            }

            if (tokens[position++] != ",")
            {
                throw Bad($"found '{tokens[position - 1]}', expected: ',' or 'end of string'");
            }
        }
    }

    private static LabelRequirement Requirement(List<string> tokens, ref int position)
    {
        string first = Take(tokens, ref position);
        if (first == "!")
        {
            return new LabelRequirement(Key(Take(tokens, ref position)), LabelOperator.Absent, []);
        }

        string key = Key(first);
        if (position == tokens.Count || tokens[position] == ",")
        {
            return new LabelRequirement(key, LabelOperator.Present, []);
        }

        string op = Take(tokens, ref position);
        switch (op)
        {
            case "=" or "==":
                return new LabelRequirement(key, LabelOperator.In, [Value(tokens, ref position)]);
            case "!=":
                return new LabelRequirement(key, LabelOperator.NotIn, [Value(tokens, ref position)]);
            case "in" or "notin":
                return new LabelRequirement(key, op == "in" ? LabelOperator.In : LabelOperator.NotIn, Values(tokens, ref position));
            case ">" or "gt":
                return new LabelRequirement(key, LabelOperator.GreaterThan, [Value(tokens, ref position)]);
            case "<" or "lt":
                return new LabelRequirement(key, LabelOperator.LessThan, [Value(tokens, ref position)]);
            default:
                throw Bad($"found '{op}', expected: in, notin, =, ==, !=, gt, lt");
        }
    }

    private static List<string> Values(List<string> tokens, ref int position)
    {
        string open = Take(tokens, ref position);
        if (open != "(")
        {
            throw Bad($"found '{open}' expected: '('");
        }

        List<string> values = [];
        while (true)
        {
            string token = Take(tokens, ref position);
            switch (token)
            {
                case ")":
                    return values.Count == 0 ? [string.Empty] : values;
                case ",":
                    break;
                default:
                    values.Add(token);
                    break;
            }
        }
    }

    private static string Value(List<string> tokens, ref int position) =>
        position == tokens.Count || tokens[position] == "," ? string.Empty : Take(tokens, ref position);

    private static string Take(List<string> tokens, ref int position) =>
        position < tokens.Count ? tokens[position++] : throw Bad("found '', expected: identifier");

    private static string Key(string token) =>
        token.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '/') ? token : throw Bad($"found '{token}', expected: !, identifier, or 'end of string'");

    private static List<string> Tokens(string text)
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
            else if (c is '=' or '!' or '>' or '<')
            {
                int length = i + 1 < text.Length && text[i + 1] == '=' && c is '=' or '!' && i + 1 < text.Length && text[i + 1] == '=' ? 2 : 1;
                tokens.Add(text.Substring(i, length));
                i += length;
            }
            else if (c is '(' or ')' or ',')
            {
                tokens.Add(c.ToString());
                i++;
            }
            else
            {
                int start = i;
                while (i < text.Length && !char.IsWhiteSpace(text[i]) && text[i] is not ('=' or '!' or '>' or '<' or '(' or ')' or ','))
                {
                    i++;
                }

                tokens.Add(text[start..i]);
            }
        }

        return tokens;
    }

    private static ApiErrorException Bad(string text) => ApiErrors.BadRequest("unable to parse requirement: " + text);
}
