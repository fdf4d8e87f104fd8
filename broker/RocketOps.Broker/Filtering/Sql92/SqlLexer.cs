namespace RocketOps.Broker.Filtering.Sql92;

/// <summary>
/// Cuts an expression into words, one ahead of the parser, so that what follows an expression is looked at as far as Apache's parser does: its first word only. Source:
/// store.md §5.4.
/// </summary>
internal ref struct SqlLexer
{
    private static readonly (string Word, SqlTokenKind Kind)[] Keywords =
    [
        ("NOT", SqlTokenKind.Not), ("AND", SqlTokenKind.And), ("OR", SqlTokenKind.Or), ("BETWEEN", SqlTokenKind.Between), ("IN", SqlTokenKind.In), ("TRUE", SqlTokenKind.True),
        ("FALSE", SqlTokenKind.False), ("NULL", SqlTokenKind.Null), ("IS", SqlTokenKind.Is), ("CONTAINS", SqlTokenKind.Contains), ("STARTSWITH", SqlTokenKind.StartsWith),
        ("ENDSWITH", SqlTokenKind.EndsWith),
    ];

    private readonly ReadOnlySpan<char> _text;
    private int _at;

    /// <summary>Throws <see cref="SqlExpressionException"/> when the first word is none.</summary>
    public SqlLexer(ReadOnlySpan<char> text)
    {
        _text = text;
        Next();
    }

    /// <summary>The word the parser has not taken yet.</summary>
    public SqlToken Current { get; private set; }

    /// <summary>The text of a word as it is written.</summary>
    public readonly ReadOnlySpan<char> TextOf(in SqlToken token) => _text.Slice(token.Start, token.Length);

    /// <summary>Takes the current word and finds the next. Throws <see cref="SqlExpressionException"/> when it is none.</summary>
    public SqlToken Take()
    {
        SqlToken taken = Current;
        Next();
        return taken;
    }

    /// <summary>Returns the place of a char as text for people.</summary>
    public readonly string PlaceOf(int at)
    {
        ReadOnlySpan<char> before = _text[..at];
        return $"line {before.Count('\n') + 1}, column {at - before.LastIndexOf('\n')}";
    }

    private static bool IsNameStart(char c) => char.IsAsciiLetter(c) || c is '_' or '$';

    private static SqlTokenKind KindOf(ReadOnlySpan<char> word)
    {
        foreach ((string keyword, SqlTokenKind kind) in Keywords)
        {
            if (word.Equals(keyword, StringComparison.OrdinalIgnoreCase))
            {
                return kind;
            }
        }

        return SqlTokenKind.Name;
    }

    private void Next()
    {
        SkipSpace();
        if (_at == _text.Length)
        {
            Current = new SqlToken(SqlTokenKind.End, _at, 0);
            return;
        }

        char c = _text[_at];
        if (IsNameStart(c))
        {
            int length = 1;
            while (IsNameStart(At(length)) || char.IsAsciiDigit(At(length)))
            {
                length++;
            }

            Accept(KindOf(_text.Slice(_at, length)), length);
        }
        else if (char.IsAsciiDigit(c) || (c == '.' && char.IsAsciiDigit(At(1))))
        {
            AcceptNumber();
        }
        else if (c == '\'')
        {
            AcceptText();
        }
        else
        {
            AcceptOperator(c);
        }
    }

    private void SkipSpace()
    {
        while (_at < _text.Length)
        {
            if (_text[_at] is ' ' or '\t' or '\n' or '\r' or '\f')
            {
                _at++;
            }
            else if (At(0) == '-' && At(1) == '-' && _text[_at..].IndexOfAny('\n', '\r') is >= 0 and int line)
            {
                // On the last line, which nothing ends, these are two signs.
                _at += line;
            }
            else if (At(0) == '/' && At(1) == '*' && _text[(_at + 2)..].IndexOf("*/") is >= 0 and int length)
            {
                _at += length + 4;
            }
            else
            {
                return;
            }
        }
    }

    private void AcceptNumber()
    {
        int digits = DigitsAt(0);
        int length = digits;
        bool isFloat = false;
        if (At(length) == '.')
        {
            isFloat = true;
            length += 1 + DigitsAt(length + 1);
        }

        int exponent = ExponentAt(length);
        if (isFloat || exponent > 0)
        {
            Accept(SqlTokenKind.Float, length + exponent);
            return;
        }

        // A number does not begin with 0: what follows is another one.
        length = At(0) == '0' ? 1 : digits;
        Accept(SqlTokenKind.Integer, length + (At(length) is 'l' or 'L' ? 1 : 0));
    }

    private void AcceptText()
    {
        int length = 1;
        while (true)
        {
            int end = _text[(_at + length)..].IndexOf('\'');
            if (end < 0)
            {
                throw new SqlExpressionException($"Lexical error at {PlaceOf(_at)}: the text has no closing quote");
            }

            length += end + 1;
            if (At(length) != '\'')
            {
                Accept(SqlTokenKind.Text, length);
                return;
            }

            length++;
        }
    }

    private void AcceptOperator(char c)
    {
        switch (c, At(1))
        {
            case ('<', '>'):
                Accept(SqlTokenKind.NotEqual, 2);
                break;
            case ('<', '='):
                Accept(SqlTokenKind.LessOrEqual, 2);
                break;
            case ('>', '='):
                Accept(SqlTokenKind.GreaterOrEqual, 2);
                break;
            default:
                SqlTokenKind kind = c switch
                {
                    '=' => SqlTokenKind.Equal,
                    '<' => SqlTokenKind.Less,
                    '>' => SqlTokenKind.Greater,
                    '(' => SqlTokenKind.Open,
                    ')' => SqlTokenKind.Close,
                    ',' => SqlTokenKind.Comma,
                    '+' => SqlTokenKind.Plus,
                    '-' => SqlTokenKind.Minus,
                    _ => throw new SqlExpressionException($"Lexical error at {PlaceOf(_at)}: '{(char.IsControl(c) ? '?' : c)}' (U+{(int)c:X4}) begins no word of the language"),
                };
                Accept(kind, 1);
                break;
        }
    }

    private void Accept(SqlTokenKind kind, int length)
    {
        Current = new SqlToken(kind, _at, length);
        _at += length;
    }

    /// <summary>The char so far ahead; 0 behind the end, which is in no word.</summary>
    private readonly char At(int ahead) => _at + ahead < _text.Length ? _text[_at + ahead] : '\0';

    private readonly int DigitsAt(int ahead)
    {
        int count = 0;
        while (char.IsAsciiDigit(At(ahead + count)))
        {
            count++;
        }

        return count;
    }

    private readonly int ExponentAt(int ahead)
    {
        if (At(ahead) is not ('e' or 'E'))
        {
            return 0;
        }

        int sign = At(ahead + 1) is '+' or '-' ? 1 : 0;
        int digits = DigitsAt(ahead + 1 + sign);
        return digits == 0 ? 0 : 1 + sign + digits;
    }
}
