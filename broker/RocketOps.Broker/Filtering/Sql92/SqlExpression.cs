using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using RocketOps.Broker.Filtering.Sql92.Nodes;
using RocketOps.Broker.Filtering.Sql92.Values;
using RocketOps.Store.Reading;

namespace RocketOps.Broker.Filtering.Sql92;

/// <summary>
/// A compiled SQL92 expression: takes the messages whose properties make it TRUE; what is FALSE, unknown or an error does not match. Immutable, shared by all pulls of a
/// subscription; evaluating allocates nothing. Language: store.md §5.4, as apache/rocketmq 5.5.0 understands it.
/// </summary>
internal sealed class SqlExpression : IMessageFilter
{
    /// <summary>The expression type of subscriptions.</summary>
    public const string TypeName = "SQL92";

    /// <summary>Characters of an expression. Apache has no limit; a filter is a line or two, and everybody may send one.</summary>
    public const int MaxLength = 16 * 1024;

    /// <summary>Levels of nesting, which are stack of a thread that serves others too.</summary>
    public const int MaxDepth = 128;

    /// <summary>Different properties an expression asks for.</summary>
    public const int MaxProperties = 128;

    /// <summary>Number of properties that nearly all expressions name at most.</summary>
    private const int FewProperties = 8;

    private readonly SqlNode _root;
    private readonly SqlPropertyNames _properties;

    private SqlExpression(SqlNode root, ImmutableArray<byte[]> properties)
    {
        _root = root;
        _properties = new SqlPropertyNames(properties);
    }

    public static ReadOnlySpan<byte> TypeNameUtf8 => "SQL92"u8;

    public bool NeedsRecord => true;

    /// <summary>Compiles an expression. Throws <see cref="SqlExpressionException"/> with the reason.</summary>
    public static SqlExpression Compile(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            throw new SqlExpressionException("the expression is empty");
        }

        SqlNode root = SqlParser.Parse(text, out ImmutableArray<byte[]> properties);
        return new SqlExpression(root, properties);
    }

    /// <summary>Compiles an expression, or tells why not.</summary>
    public static bool TryCompile(string? text, [NotNullWhen(true)] out SqlExpression? expression, [NotNullWhen(false)] out string? problem)
    {
        try
        {
            expression = Compile(text);
            problem = null;
            return true;
        }
        catch (SqlExpressionException failure)
        {
            expression = null;
            problem = failure.Message;
            return false;
        }
    }

    /// <summary>Evaluates the expression for these encoded properties: true, false, unknown or an error.</summary>
    public SqlKind Evaluate(ReadOnlySpan<byte> properties, out bool isTrue)
    {
        // Clearing room for the most there may be costs as much as a comparison.
        Span<SqlProperties.Place> places = _properties.Count <= FewProperties ? stackalloc SqlProperties.Place[FewProperties] : stackalloc SqlProperties.Place[MaxProperties];
        SqlValue value = _root.Evaluate(_properties.Find(properties, places[.._properties.Count]));
        isTrue = value.IsTrue;
        return value.Kind;
    }

    public bool MatchesTagsCode(long tagsCode) => true;

    public bool MatchesProperties(ReadOnlySpan<byte> properties)
    {
        Evaluate(properties, out bool isTrue);
        return isTrue;
    }

    public bool MatchesRecord(ReadOnlySpan<byte> record) =>
        RecordView.Parse(record, expectedOffset: -1, verifyCrc: false, out RecordView view) == RecordCheck.Valid && MatchesProperties(view.Properties);
}

/// <summary>An expression cannot be compiled; the message tells the consumer why, and where it can, with line and column from 1.</summary>
internal sealed class SqlExpressionException(string message) : Exception(message);
