namespace RocketOps.Broker.Filtering.Sql92.Values;

/// <summary>A value during the evaluation of an expression; text is borrowed, from the message or from the expression.</summary>
internal readonly ref struct SqlValue
{
    private readonly long _number;

    private SqlValue(SqlKind kind, long number, ReadOnlySpan<byte> text)
    {
        Kind = kind;
        _number = number;
        Text = text;
    }

    public static SqlValue Null => default;

    public static SqlValue Error => new(SqlKind.Error, 0, default);

    public static SqlValue True => From(true);

    public static SqlValue False => From(false);

    public SqlKind Kind { get; }

    /// <summary>UTF-8, of a text.</summary>
    public ReadOnlySpan<byte> Text { get; }

    /// <summary>Value of an int or a long.</summary>
    public long Integer => _number;

    /// <summary>Value of any number.</summary>
    public double Real => Kind == SqlKind.Double ? BitConverter.Int64BitsToDouble(_number) : _number;

    public bool IsNull => Kind == SqlKind.Null;

    public bool IsError => Kind == SqlKind.Error;

    public bool IsTrue => Kind == SqlKind.Boolean && _number != 0;

    public bool IsFalse => Kind == SqlKind.Boolean && _number == 0;

    public bool IsNumber => Kind is SqlKind.Int or SqlKind.Long or SqlKind.Double;

    public static SqlValue From(bool value) => new(SqlKind.Boolean, value ? 1 : 0, default);

    public static SqlValue FromInt(int value) => new(SqlKind.Int, value, default);

    public static SqlValue FromLong(long value) => new(SqlKind.Long, value, default);

    public static SqlValue FromDouble(double value) => new(SqlKind.Double, BitConverter.DoubleToInt64Bits(value), default);

    public static SqlValue FromText(ReadOnlySpan<byte> text) => new(SqlKind.Text, 0, text);
}

/// <summary>Kind of a <see cref="SqlValue"/>. The numbers are Java's int, long and double, which compare differently with text.</summary>
internal enum SqlKind
{
    /// <summary>Unknown: a property that is missing, or what follows from one.</summary>
    Null,
    Text,
    Boolean,
    Int,
    Long,
    Double,

    /// <summary>Apache's broker throws: the message does not match, whatever stands around it.</summary>
    Error,
}
