namespace RocketOps.Broker.Filtering.Sql92.Values;

/// <summary>
/// Comparison of values of different kinds. Text beside a number is read as a number of that very kind, as Java reads it; text that is none
/// is an error. Source: apache/rocketmq ComparisonExpression, version 5.5.0, by its answers.
/// </summary>
internal static class SqlComparison
{
    /// <summary>Compares two values that are there: true, false or an error.</summary>
    public static SqlValue AreEqual(SqlValue left, SqlValue right)
    {
        if (left.Kind == SqlKind.Text && right.Kind == SqlKind.Text)
        {
            return SqlValue.From(left.Text.SequenceEqual(right.Text));
        }

        if (left.Kind == SqlKind.Boolean || right.Kind == SqlKind.Boolean)
        {
            return AreEqualConditions(left, right);
        }

        return TryCompare(left, right, out int compared) ? SqlValue.From(compared == 0) : SqlValue.Error;
    }

    /// <summary>The order of two values neither of which is a condition; false when one is text that is no such number. Two texts are compared as doubles.</summary>
    public static bool TryCompare(SqlValue left, SqlValue right, out int compared)
    {
        compared = 0;
        if (left.Kind == SqlKind.Text)
        {
            if (!TryRead(left.Text, right.Kind, out SqlValue number))
            {
                return false;
            }

            left = number;
        }

        if (right.Kind == SqlKind.Text)
        {
            if (!TryRead(right.Text, left.Kind, out SqlValue number))
            {
                return false;
            }

            right = number;
        }

        if (!left.IsNumber || !right.IsNumber)
        {
            return false;
        }

        compared = left.Kind == SqlKind.Double || right.Kind == SqlKind.Double ? CompareLikeJava(left.Real, right.Real) : left.Integer.CompareTo(right.Integer);
        return true;
    }

    /// <summary>A text beside a condition is TRUE when it says so; the other way round Apache's broker casts it in vain. A number is never equal to a condition.</summary>
    private static SqlValue AreEqualConditions(SqlValue left, SqlValue right) => (left.Kind, right.Kind) switch
    {
        (SqlKind.Boolean, SqlKind.Boolean) => SqlValue.From(left.IsTrue == right.IsTrue),
        (SqlKind.Text, _) => SqlValue.From(System.Text.Ascii.EqualsIgnoreCase(left.Text, "true"u8) == right.IsTrue),
        (_, SqlKind.Text) => SqlValue.Error,
        _ => SqlValue.False,
    };

    private static bool TryRead(ReadOnlySpan<byte> text, SqlKind kind, out SqlValue number)
    {
        number = default;
        switch (kind)
        {
            case SqlKind.Int:
                if (!JavaNumbers.TryReadInteger(text, int.MinValue, int.MaxValue, out long value))
                {
                    return false;
                }

                number = SqlValue.FromInt((int)value);
                return true;
            case SqlKind.Long:
                if (!JavaNumbers.TryReadInteger(text, long.MinValue, long.MaxValue, out value))
                {
                    return false;
                }

                number = SqlValue.FromLong(value);
                return true;
            case SqlKind.Double or SqlKind.Text:
                if (!JavaNumbers.TryReadDouble(text, out double real))
                {
                    return false;
                }

                number = SqlValue.FromDouble(real);
                return true;
            default:
                return false;
        }
    }

    /// <summary>java.lang.Double.compare: NaN is the greatest and equal to itself, and −0.0 is below 0.0.</summary>
    public static int CompareLikeJava(double left, double right)
    {
        if (left < right)
        {
            return -1;
        }

        if (left > right)
        {
            return 1;
        }

        return Bits(left).CompareTo(Bits(right));

        // Of numbers that are neither above nor below each other: the zeros, and those with a NaN among them. There is one NaN only.
        static long Bits(double value) => double.IsNaN(value) ? long.MaxValue : BitConverter.DoubleToInt64Bits(value);
    }
}

/// <summary>Operators that are evaluated alike but for the last step.</summary>
internal enum SqlOperator
{
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    Contains,
    StartsWith,
    EndsWith,
}
