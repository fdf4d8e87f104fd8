namespace RocketOps.Hosting.Properties;

/// <summary>A key whose value is a <typeparamref name="T"/>; hand it to <see cref="PropertyValues.Get{T}"/>.</summary>
public sealed class PropertyDefinition<T> : PropertyDefinition
    where T : notnull
{
    private readonly PropertyParser<T> _parse;
    private readonly Func<T, string> _format;

    internal PropertyDefinition(string name, string allowed, T defaultValue, bool live, PropertyParser<T> parse, Func<T, string> format)
        : base(name, allowed, format(defaultValue), live)
    {
        Default = defaultValue;
        _parse = parse;
        _format = format;
    }

    public T Default { get; }

    /// <summary>A bound on values that could be read; null accepts all.</summary>
    internal Func<T, bool>? Check { get; init; }

    /// <summary>Returns the largest allowed value for a text that says a larger one, else null; null when no value is capped.</summary>
    internal Func<string, object?>? Cap { get; init; }

    /// <inheritdoc/>
    public override bool Accepts(string text) => TryParse(text, out _);

    public bool TryParse(string text, out T value)
    {
        ArgumentNullException.ThrowIfNull(text);
        return _parse(text, out value) && (Check is null || Check(value));
    }

    internal override bool TryCapBoxed(string text, out object? value)
    {
        value = Cap?.Invoke(text);
        return value is not null;
    }

    internal override bool TryParseBoxed(string text, out object? value)
    {
        bool ok = TryParse(text, out T parsed);
        value = parsed;
        return ok;
    }

    internal override string FormatBoxed(object? value) => _format((T)value!);
}
