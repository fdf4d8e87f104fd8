using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using RocketOps.Broker.Filtering.Sql92.Nodes;
using RocketOps.Broker.Filtering.Sql92.Values;

namespace RocketOps.Broker.Filtering.Sql92;

/// <summary>
/// Reads an expression by recursive descent: OR, AND, equality, comparison, sign and NOT, parentheses, from the loosest to the tightest. Which operands an operator takes is
/// checked here, as Apache's parser does. Source: store.md §5.4.
/// </summary>
internal ref struct SqlParser
{
    private const double SmallestFloat = double.Epsilon;

    private readonly Dictionary<string, int> _properties = new(StringComparer.Ordinal);
    private SqlLexer _lexer;
    private int _nesting;

    private SqlParser(ReadOnlySpan<char> text)
    {
        _lexer = new SqlLexer(text);
    }

    /// <summary>
    /// Parses an expression. What follows a whole one is left alone, as Apache's broker does. Throws <see cref="SqlExpressionException"/>.
    /// </summary>
    /// <param name="text">The expression.</param>
    /// <param name="properties">The properties it asks for, by their numbers.</param>
    public static SqlNode Parse(ReadOnlySpan<char> text, out ImmutableArray<byte[]> properties)
    {
        if (text.Length > SqlExpression.MaxLength)
        {
            throw new SqlExpressionException($"the expression has {text.Length} characters, more than {SqlExpression.MaxLength}");
        }

        SqlParser parser = new(text);
        SqlNode root = parser.AsCondition(parser.ParseOr(), 0);
        properties = [.. parser._properties.OrderBy(static pair => pair.Value).Select(static pair => Encoding.UTF8.GetBytes(pair.Key))];
        return root;
    }

    private SqlNode ParseOr()
    {
        int start = _lexer.Current.Start;
        SqlNode first = ParseAnd();
        return _lexer.Current.Kind == SqlTokenKind.Or ? ParseChain(first, start, SqlTokenKind.Or) : first;
    }

    private SqlNode ParseAnd()
    {
        int start = _lexer.Current.Start;
        SqlNode first = ParseEquality();
        return _lexer.Current.Kind == SqlTokenKind.And ? ParseChain(first, start, SqlTokenKind.And) : first;
    }

    private SqlNode ParseChain(SqlNode first, int start, SqlTokenKind word)
    {
        ImmutableArray<SqlNode>.Builder operands = ImmutableArray.CreateBuilder<SqlNode>();
        operands.Add(AsCondition(first, start));
        while (_lexer.Current.Kind == word)
        {
            _lexer.Take();
            start = _lexer.Current.Start;
            operands.Add(AsCondition(word == SqlTokenKind.Or ? ParseAnd() : ParseEquality(), start));
        }

        return Checked(new SqlLogic(word == SqlTokenKind.And, operands.ToImmutable()), start);
    }

    private SqlNode ParseEquality()
    {
        int start = _lexer.Current.Start;
        SqlNode left = ParseComparison();
        while (_lexer.Current.Kind is SqlTokenKind.Equal or SqlTokenKind.NotEqual or SqlTokenKind.Is)
        {
            SqlTokenKind kind = _lexer.Take().Kind;
            if (kind == SqlTokenKind.Is)
            {
                bool isNot = TryTake(SqlTokenKind.Not);
                Expect(SqlTokenKind.Null, "NULL");
                left = new SqlIsNull(left);
                left = Checked(isNot ? new SqlNot(left) : left, start);
            }
            else
            {
                SqlNode right = ParseComparison();
                CheckEqual(left, right, start);
                left = Equality(left, right);
                left = Checked(kind == SqlTokenKind.NotEqual ? new SqlNot(left) : left, start);
            }
        }

        return left;
    }

    private SqlNode ParseComparison()
    {
        int start = _lexer.Current.Start;
        SqlNode left = ParseUnary();
        while (true)
        {
            SqlTokenKind kind = _lexer.Current.Kind;
            switch (kind)
            {
                case SqlTokenKind.Less or SqlTokenKind.LessOrEqual or SqlTokenKind.Greater or SqlTokenKind.GreaterOrEqual:
                    _lexer.Take();
                    left = Order(left, OperatorOf(kind), ParseUnary(), start);
                    break;
                case SqlTokenKind.Not or SqlTokenKind.Between or SqlTokenKind.In or SqlTokenKind.Contains or SqlTokenKind.StartsWith or SqlTokenKind.EndsWith:
                    bool isNot = TryTake(SqlTokenKind.Not);
                    left = ParseTest(left, isNot, start);
                    break;
                default:
                    return left;
            }

            left = Checked(left, start);
        }
    }

    /// <summary>Parses what may stand behind NOT.</summary>
    private SqlNode ParseTest(SqlNode left, bool isNot, int start)
    {
        SqlTokenKind kind = _lexer.Current.Kind;
        switch (kind)
        {
            case SqlTokenKind.Between:
                _lexer.Take();
                return ParseBetween(left, isNot, start);
            case SqlTokenKind.In:
                _lexer.Take();
                return ParseIn(left, isNot, start);
            case SqlTokenKind.Contains or SqlTokenKind.StartsWith or SqlTokenKind.EndsWith:
                _lexer.Take();
                return new SqlTextMatch(left, OperatorOf(kind), isNot, TakeText());
            default:
                throw Unexpected("BETWEEN, IN, CONTAINS, STARTSWITH or ENDSWITH");
        }
    }

    private SqlNode ParseBetween(SqlNode value, bool isNot, int start)
    {
        SqlNode low = ParseUnary();
        Expect(SqlTokenKind.And, "AND");
        SqlNode high = ParseUnary();
        if (isNot)
        {
            return new SqlLogic(isAnd: false, [Order(value, SqlOperator.Less, low, start), Order(value, SqlOperator.Greater, high, start)]);
        }

        SqlNode between = new SqlLogic(isAnd: true, [Order(value, SqlOperator.GreaterOrEqual, low, start), Order(value, SqlOperator.LessOrEqual, high, start)]);
        if (low is SqlLiteral first && high is SqlLiteral second && SqlComparison.TryCompare(first.Value, second.Value, out int compared) && compared > 0)
        {
            throw new SqlExpressionException(
                $"Illegal values of between, left value({first.Written}) must less than or equal to right value({second.Written}), at {_lexer.PlaceOf(start)}");
        }

        return between;
    }

    private SqlIn ParseIn(SqlNode left, bool isNot, int start)
    {
        ImmutableArray<byte[]>.Builder texts = ImmutableArray.CreateBuilder<byte[]>();
        Expect(SqlTokenKind.Open, "(");
        do
        {
            texts.Add(TakeText());
        }
        while (TryTake(SqlTokenKind.Comma));
        Expect(SqlTokenKind.Close, ", or )");
        return left is SqlProperty ? new SqlIn(left, isNot, texts.ToImmutable()) : throw new SqlExpressionException($"IN wants a property before it, at {_lexer.PlaceOf(start)}");
    }

    private SqlNode ParseUnary()
    {
        int start = _lexer.Current.Start;
        if (++_nesting > SqlExpression.MaxDepth)
        {
            throw TooDeep(start);
        }

        SqlNode node;
        if (TryTake(SqlTokenKind.Plus))
        {
            node = ParseUnary();
        }
        else if (TryTake(SqlTokenKind.Minus))
        {
            node = new SqlNegation(ParseUnary());
        }
        else if (TryTake(SqlTokenKind.Not))
        {
            int operand = _lexer.Current.Start;
            node = new SqlNot(AsCondition(ParseUnary(), operand));
        }
        else
        {
            node = ParsePrimary();
        }

        _nesting--;
        return Checked(node, start);
    }

    private SqlNode ParsePrimary()
    {
        SqlToken token = _lexer.Current;
        string written = _lexer.TextOf(token).ToString();
        switch (token.Kind)
        {
            case SqlTokenKind.Name:
                _lexer.Take();
                return new SqlProperty(NumberOf(written, token.Start));
            case SqlTokenKind.Text:
                return new SqlLiteral(written, SqlKind.Text, text: TakeText());
            case SqlTokenKind.Integer:
                _lexer.Take();
                return IntegerOf(written, token.Start);
            case SqlTokenKind.Float:
                _lexer.Take();
                return FloatOf(written, token.Start);
            case SqlTokenKind.True or SqlTokenKind.False:
                _lexer.Take();
                return new SqlLiteral(written, SqlKind.Boolean, token.Kind == SqlTokenKind.True ? 1 : 0);
            case SqlTokenKind.Null:
                _lexer.Take();
                return new SqlLiteral(written, SqlKind.Null);
            case SqlTokenKind.Open:
                _lexer.Take();
                SqlNode inner = ParseOr();
                Expect(SqlTokenKind.Close, ")");
                return inner;
            default:
                throw Unexpected("a property, a literal, NOT, a sign or (");
        }
    }

    private int NumberOf(string property, int at)
    {
        if (!_properties.TryGetValue(property, out int number))
        {
            number = _properties.Count;
            if (number == SqlExpression.MaxProperties)
            {
                throw new SqlExpressionException($"the expression asks for more than {SqlExpression.MaxProperties} properties, at {_lexer.PlaceOf(at)}");
            }

            _properties.Add(property, number);
        }

        return number;
    }

    private readonly SqlLiteral IntegerOf(string written, int at)
    {
        if (!long.TryParse(written.AsSpan().TrimEnd("lL"), NumberStyles.None, CultureInfo.InvariantCulture, out long value))
        {
            throw new SqlExpressionException($"{written} is more than {long.MaxValue}, at {_lexer.PlaceOf(at)}");
        }

        return new SqlLiteral(written, value <= int.MaxValue ? SqlKind.Int : SqlKind.Long, value);
    }

    /// <summary>Zero is refused with the numbers that are too small, as Apache's parser does.</summary>
    private readonly SqlLiteral FloatOf(string written, int at)
    {
        double value = double.Parse(written, NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture);
        return value switch
        {
            > double.MaxValue => throw new SqlExpressionException($"{written} is greater than {double.MaxValue:R}, at {_lexer.PlaceOf(at)}"),
            < SmallestFloat => throw new SqlExpressionException($"{written} is less than {SmallestFloat:R}, at {_lexer.PlaceOf(at)}"),
            _ => new SqlLiteral(written, SqlKind.Double, BitConverter.DoubleToInt64Bits(value)),
        };
    }

    private static SqlOperator OperatorOf(SqlTokenKind kind) => kind switch
    {
        SqlTokenKind.Less => SqlOperator.Less,
        SqlTokenKind.LessOrEqual => SqlOperator.LessOrEqual,
        SqlTokenKind.Greater => SqlOperator.Greater,
        SqlTokenKind.GreaterOrEqual => SqlOperator.GreaterOrEqual,
        SqlTokenKind.Contains => SqlOperator.Contains,
        SqlTokenKind.StartsWith => SqlOperator.StartsWith,
        _ => SqlOperator.EndsWith,
    };

    private readonly SqlNode Order(SqlNode left, SqlOperator order, SqlNode right, int start)
    {
        CheckOrdered(left, start);
        CheckOrdered(right, start);
        return left is SqlProperty property && right is SqlLiteral number ? new SqlPropertyOrder(property.Index, order, number) : new SqlOrder(left, order, right);
    }

    private static SqlNode Equality(SqlNode left, SqlNode right) => (left, right) switch
    {
        (SqlProperty property, SqlLiteral { Kind: SqlKind.Text } literal) => new SqlPropertyText(property.Index, literal.Value.Text.ToArray()),
        (SqlProperty property, SqlLiteral { Kind: SqlKind.Int or SqlKind.Long or SqlKind.Double } number) => new SqlPropertyOrder(property.Index, SqlOperator.Equal, number),
        _ => new SqlEquality(left, right),
    };

    private readonly void CheckOrdered(SqlNode operand, int start)
    {
        if (operand is SqlLiteral { Kind: not (SqlKind.Int or SqlKind.Long or SqlKind.Double) } literal)
        {
            throw new SqlExpressionException($"Value {literal.Written} cannot be compared, at {_lexer.PlaceOf(start)}");
        }

        if (operand.IsCondition)
        {
            throw new SqlExpressionException($"a condition cannot be compared by order, at {_lexer.PlaceOf(start)}");
        }
    }

    private readonly void CheckEqual(SqlNode left, SqlNode right, int start)
    {
        if (left is SqlLiteral { Kind: SqlKind.Null } || right is SqlLiteral { Kind: SqlKind.Null })
        {
            throw new SqlExpressionException($"'NULL' cannot be compared, IS NULL asks for it, at {_lexer.PlaceOf(start)}");
        }

        if (left is SqlLiteral { Kind: SqlKind.Boolean } first && right is SqlLiteral { Kind: not SqlKind.Boolean } second)
        {
            throw new SqlExpressionException($"'{first.Written}' cannot be compared with {second.Written}, at {_lexer.PlaceOf(start)}");
        }
    }

    private readonly SqlNode AsCondition(SqlNode node, int at) =>
        node.IsCondition ? node
        : node is SqlProperty ? new SqlPropertyCondition(node)
        : throw new SqlExpressionException($"Expression will not result in a boolean value, at {_lexer.PlaceOf(at)}");

    private readonly SqlNode Checked(SqlNode node, int at) => node.Depth <= SqlExpression.MaxDepth ? node : throw TooDeep(at);

    private bool TryTake(SqlTokenKind kind)
    {
        if (_lexer.Current.Kind != kind)
        {
            return false;
        }

        _lexer.Take();
        return true;
    }

    private void Expect(SqlTokenKind kind, string words)
    {
        if (!TryTake(kind))
        {
            throw Unexpected(words);
        }
    }

    private byte[] TakeText()
    {
        if (_lexer.Current.Kind != SqlTokenKind.Text)
        {
            throw Unexpected("a text in quotes");
        }

        SqlToken token = _lexer.Take();
        return Encoding.UTF8.GetBytes(_lexer.TextOf(token)[1..^1].ToString().Replace("''", "'", StringComparison.Ordinal));
    }

    private readonly SqlExpressionException Unexpected(string words)
    {
        SqlToken token = _lexer.Current;
        string found = token.Kind == SqlTokenKind.End ? "<EOF>" : _lexer.TextOf(token).ToString();
        return new SqlExpressionException($"Encountered \"{found}\" at {_lexer.PlaceOf(token.Start)}. Was expecting {words}");
    }

    private readonly SqlExpressionException TooDeep(int at) => new($"the expression is nested more than {SqlExpression.MaxDepth} levels deep, at {_lexer.PlaceOf(at)}");
}
