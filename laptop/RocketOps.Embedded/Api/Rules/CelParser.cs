using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace RocketOps.Embedded.Api.Rules;

/// <summary>
/// Compiles the part of CEL that rules of custom resources mostly need: literals, members, <c>! &amp;&amp; || ?: +</c>, comparisons, <c>in</c>, <c>has</c>,
/// <c>exists</c>, <c>all</c>, <c>filter</c>, <c>map</c>, and the functions of <see cref="CelValues"/>. The rest is a <see cref="FormatException"/>: such a rule
/// is not evaluated here. The rules of built-in kinds (kinds.yaml) are written in it as well, with functions of their own; in them a member that is missing is null.
/// </summary>
internal sealed partial class CelParser
{
    /// <summary>Nesting of a rule: the parser recurses, and so does what it makes.</summary>
    private const int MaxDepth = 64;

    private const int MaxLength = 10_000;

    private static readonly string[] Words = ["true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package", "namespace", "return"];

    private readonly string _rule;
    private readonly List<string> _tokens = [];
    private readonly Stack<string> _variables;
    private readonly IReadOnlyDictionary<string, CelFunction>? _own;
    private int _next;
    private int _depth;

    private CelParser(string rule, IEnumerable<string> variables, IReadOnlyDictionary<string, CelFunction>? own)
    {
        _rule = rule;
        _variables = new Stack<string>(variables);
        _own = own;
        if (rule.Length > MaxLength)
        {
            throw new FormatException($"a rule of more than {MaxLength} characters is not evaluated");
        }

        int position = 0;
        while (position < rule.Length)
        {
            Match token = Token().Match(rule, position);
            position += token.Success ? token.Length : throw Unknown($"'{rule[position]}'");
            if (!string.IsNullOrWhiteSpace(token.Value))
            {
                _tokens.Add(token.Value);
            }
        }
    }

    private string Current => _next < _tokens.Count ? _tokens[_next] : string.Empty;

    /// <exception cref="FormatException">Not CEL, or more of it than is known here.</exception>
    public static CelTerm Compile(string rule) => Compile(rule, ["self", "oldSelf"], null);

    /// <summary>The same for a rule of this server's own: with other variables, more functions, and missing members that are null.</summary>
    /// <exception cref="FormatException">Not CEL, or more of it than is known here.</exception>
    public static CelTerm Compile(string rule, IEnumerable<string> variables, IReadOnlyDictionary<string, CelFunction>? own)
    {
        CelParser parser = new(rule, variables, own);
        CelTerm term = parser.Conditional();
        return parser.Current.Length == 0 ? term : throw parser.Unknown(parser.Current);
    }

    private CelTerm Conditional()
    {
        if (++_depth > MaxDepth)
        {
            throw Unknown("such deep nesting");
        }

        CelTerm condition = Joined("||", by: true, () => Joined("&&", by: false, Relation));
        if (Take("?"))
        {
            CelTerm yes = Conditional();
            Expect(":");
            (CelTerm test, CelTerm no) = (condition, Conditional());
            condition = s => CelValues.True(test(s)) ? yes(s) : no(s);
        }

        _depth--;
        return condition;
    }

    private CelTerm Joined(string op, bool by, Func<CelTerm> side)
    {
        CelTerm left = side();
        while (Take(op))
        {
            (CelTerm a, CelTerm b) = (left, side());
            left = s => Decides(a, b, s, by);
        }

        return left;
    }

    /// <summary>A side that decides alone makes up for an error of the other.</summary>
    private static bool Decides(CelTerm a, CelTerm b, CelScope scope, bool by)
    {
        try
        {
            return CelValues.True(a(scope)) == by ? by : CelValues.True(b(scope));
        }
        catch (CelException)
        {
            if (CelValues.True(b(scope)) == by)
            {
                return by;
            }

            throw;
        }
    }

    private CelTerm Relation()
    {
        CelTerm a = Sum();
        string relation = Current;
        if (relation is not ("==" or "!=" or "<" or "<=" or ">" or ">=" or "in"))
        {
            return a;
        }

        _next++;
        CelTerm b = Sum();
        return relation switch
        {
            "==" => s => CelValues.Same(a(s), b(s)),
            "!=" => s => !CelValues.Same(a(s), b(s)),
            "<" => s => CelValues.Compare(a(s), b(s)) < 0,
            "<=" => s => CelValues.Compare(a(s), b(s)) <= 0,
            ">" => s => CelValues.Compare(a(s), b(s)) > 0,
            ">=" => s => CelValues.Compare(a(s), b(s)) >= 0,
            _ => s => CelValues.Items(b(s)).Contains(a(s)),
        };
    }

    private CelTerm Sum()
    {
        CelTerm left = Unary();
        while (Take("+"))
        {
            (CelTerm a, CelTerm b) = (left, Unary());
            left = s => CelValues.Sum(a(s), b(s));
        }

        return left;
    }

    private CelTerm Unary()
    {
        int not = 0;
        while (Take("!"))
        {
            not++;
        }

        CelTerm value = Member();
        return not == 0 ? value : s => CelValues.True(value(s)) == (not % 2 == 0);
    }

    private CelTerm Member()
    {
        CelTerm value = Primary();
        while (Current is "." or "[")
        {
            CelTerm holder = value;
            if (Take("["))
            {
                CelTerm index = Conditional();
                Expect("]");
                value = _own is null ? s => CelValues.Index(holder(s), index(s)) : s => CelValues.FieldOrNull(holder(s), (string)index(s)!);
                continue;
            }

            Expect(".");
            string name = Property();
            value = Take("(") ? Call(holder, name) : Field(holder, name);
        }

        return value;
    }

    private CelTerm Field(CelTerm holder, string name) =>
        _own is null ? s => CelValues.Field(holder(s), name) : s => CelValues.FieldOrNull(holder(s), name);

    private CelTerm Call(CelTerm holder, string name)
    {
        if (name is "exists" or "all" or "filter" or "map")
        {
            string variable = Name();
            Expect(",");
            _variables.Push(variable);
            CelTerm test = Conditional();
            _variables.Pop();
            Expect(")");
            return name switch
            {
                "exists" => s => CelValues.Items(holder(s)).Any(i => CelValues.True(test(new CelScope(variable, i, s)))),
                "all" => s => CelValues.Items(holder(s)).All(i => CelValues.True(test(new CelScope(variable, i, s)))),
                "filter" => s => CelValues.List(CelValues.Items(holder(s)).Where(i => CelValues.True(test(new CelScope(variable, i, s))))),
                _ => s => CelValues.List(CelValues.Items(holder(s)).Select(i => test(new CelScope(variable, i, s)))),
            };
        }

        if (Take(")"))
        {
            Func<object?, object?> function = CelValues.MethodAlone(name) ?? throw Unknown(name + "()");
            return s => function(holder(s));
        }

        Func<object?, object?, object?> method = CelValues.Method(name) ?? throw Unknown(name + "()");
        CelTerm argument = Conditional();
        Expect(")");
        return s => method(holder(s), argument(s));
    }

    private CelTerm Primary()
    {
        string token = Current;
        _next++;
        if (token.Length == 0)
        {
            throw Unknown("the end");
        }

        switch (token)
        {
            case "true" or "false":
                bool flag = token == "true";
                return _ => flag;
            case "null":
                return _ => null;
            case "(":
                CelTerm inner = Conditional();
                Expect(")");
                return inner;
            case "[":
                List<CelTerm> items = Listed("]", Conditional);
                return s => CelValues.List(items.Select(item => item(s)));
            case "{":
                return Map();
            case "has":
                return Presence();
        }

        if (token[0] is '\'' or '"')
        {
            string text = token[1..^1];
            return text.Contains('\\', StringComparison.Ordinal) ? throw Unknown("an escape") : _ => text;
        }

        if (long.TryParse(token, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long integer))
        {
            return _ => integer;
        }

        if (!char.IsLetter(token[0]))
        {
            throw Unknown(token);
        }

        if (Take("("))
        {
            if (_own?.GetValueOrDefault(token) is { } own)
            {
                List<CelTerm> arguments = Listed(")", Conditional);
                return s => own(s, [.. arguments.Select(term => term(s))]);
            }

            Func<object?, object?> function = CelValues.Function(token) ?? throw Unknown(token + "()");
            CelTerm argument = Conditional();
            Expect(")");
            return s => function(argument(s));
        }

        return _variables.Contains(token) ? s => s.Find(token) : throw Unknown(token);
    }

    /// <summary>Reads the items between commas up to a closing token.</summary>
    private List<T> Listed<T>(string close, Func<T> read)
    {
        List<T> listed = [];
        while (!Take(close))
        {
            listed.Add(read());
            if (Current != close)
            {
                Expect(",");
            }
        }

        return listed;
    }

    private CelTerm Map()
    {
        List<(CelTerm Key, CelTerm Value)> entries = Listed("}", () =>
        {
            CelTerm key = Conditional();
            Expect(":");
            return (key, Conditional());
        });
        return s => new JsonObject(entries.Select(e => KeyValuePair.Create(CelValues.Text(e.Key(s)), CelValues.Node(e.Value(s)))));
    }

    private CelTerm Presence()
    {
        Expect("(");
        CelTerm holder = Primary();
        Expect(".");
        string name = Property();
        while (Take("."))
        {
            (CelTerm outer, string field) = (holder, name);
            holder = Field(outer, field);
            name = Property();
        }

        Expect(")");
        return s => CelValues.Has(holder(s), name);
    }

    private string Name()
    {
        string token = Current;
        _next++;
        return token.Length > 0 && (char.IsLetter(token[0]) || token[0] == '_') ? token : throw Unknown(token);
    }

    /// <summary>A property named as a word of the language is written <c>__namespace__</c> in rules; plain, the real server takes its size for endless and refuses the rule.</summary>
    private string Property()
    {
        string name = Name();
        string bare = name.Length > 4 && name.StartsWith("__", StringComparison.Ordinal) && name.EndsWith("__", StringComparison.Ordinal) ? name[2..^2] : name;
        return !Words.Contains(bare) || _own is not null ? name : bare != name ? bare : throw Unknown($"{name} (as a property it is written __{name}__)");
    }

    private bool Take(string token)
    {
        bool found = Current == token;
        _next += found ? 1 : 0;
        return found;
    }

    private void Expect(string token)
    {
        if (!Take(token))
        {
            throw Unknown(Current);
        }
    }

    private FormatException Unknown(string what) => new($"{what} is not understood in the rule {_rule}");

    [GeneratedRegex("""\G(\s+|'([^'\\]|\\.)*'|"([^"\\]|\\.)*"|[A-Za-z_][A-Za-z0-9_]*|-?[0-9]+(?![0-9.A-Za-z_])|==|!=|<=|>=|&&|\|\||[<>!?:().,\[\]{}+])""", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Token();
}
