using System.Text;
using RocketOps.Broker.Filtering.Sql92;
using RocketOps.Broker.Names;

namespace RocketOps.Broker.Filtering;

/// <summary>
/// Expressions that pulls carry themselves, each compiled once, or found wanting once: a consumer sends the same one with every pull. Thread-safe; a lookup allocates nothing.
/// </summary>
internal sealed class ExpressionCache
{
    /// <summary>Beyond it all are forgotten: who sends so many different ones gains nothing from remembering them. As many as Apache's broker keeps.</summary>
    private const int MaxEntries = 100;

    private const int MaxUtf8PerChar = 3;

    private readonly NameTable<Entry> _entries = new();

    /// <summary>The filter; null when there is a <paramref name="problem"/>.</summary>
    public SqlExpression? Find(ReadOnlySpan<byte> type, ReadOnlySpan<byte> text, out string? problem)
    {
        if (!type.SequenceEqual(SqlExpression.TypeNameUtf8) || text.Length > SqlExpression.MaxLength * MaxUtf8PerChar)
        {
            // Neither costs anything to find out again.
            return Compile(Encoding.UTF8.GetString(RemarkName(type)), Encoding.UTF8.GetString(text), out problem);
        }

        if (!_entries.TryGet(text, out Entry? entry))
        {
            string expression = Encoding.UTF8.GetString(text);
            entry = new Entry(Compile(SqlExpression.TypeName, expression, out problem), problem);
            if (_entries.Entries.Count >= MaxEntries)
            {
                _entries.Entries.Clear();
            }

            _entries.Entries[expression] = entry;
        }

        problem = entry.Problem;
        return entry.Expression;
    }

    /// <summary>The filter of an expression of another type than tags; null when there is a <paramref name="problem"/>.</summary>
    public static SqlExpression? Compile(string? type, string? text, out string? problem)
    {
        if (!string.Equals(type, SqlExpression.TypeName, StringComparison.Ordinal))
        {
            problem = $"the expression type {type} is not known";
            return null;
        }

        SqlExpression.TryCompile(text, out SqlExpression? expression, out problem);
        return expression;
    }

    private static ReadOnlySpan<byte> RemarkName(ReadOnlySpan<byte> type) => Replies.RemarkText.Cut(type);

    private sealed record Entry(SqlExpression? Expression, string? Problem);
}
