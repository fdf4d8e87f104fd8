using System.Globalization;

namespace RocketOps.Hosting.Properties;

/// <summary>A key that may be written in a configuration: its name, what is allowed, its default and whether it can be changed while running.</summary>
public abstract class PropertyDefinition
{
    private protected PropertyDefinition(string name, string allowed, string? defaultText, bool live)
    {
        Name = name;
        Allowed = allowed;
        DefaultText = defaultText;
        IsLive = live;
    }

    /// <summary>RocketMQ's property name, case-sensitive.</summary>
    public string Name { get; }

    /// <summary>Allowed values in words: "a whole number from 0 to 65535".</summary>
    public string Allowed { get; }

    /// <summary>The default as it would be written; null when there is none or it is found at start.</summary>
    public string? DefaultText { get; }

    /// <summary>True when an update of the running configuration takes effect at once.</summary>
    public bool IsLive { get; }

    /// <summary>One sentence on what the key does, for the documentation and the help text.</summary>
    public string? Description { get; init; }

    /// <summary>
    /// Allowed values in the form for programs: the second column of <see cref="PropertyCatalogText"/>. Null when only code can tell.
    /// </summary>
    internal string? Shape { get; init; }

    /// <summary>Finds what is wrong with a text that is not allowed, in a few words; null where <see cref="Allowed"/> says all.</summary>
    internal Func<string, string?>? FindProblem { get; init; }

    /// <summary>See <see cref="PropertySupport"/>.</summary>
    public PropertySupport Support { get; private init; }

    /// <summary>Advice for <see cref="PropertySupport.Unsupported"/>: what to do instead.</summary>
    public string? Advice { get; private init; }

    /// <summary>A whole number of 32 bits in [<paramref name="min"/>, <paramref name="max"/>].</summary>
    public static PropertyDefinition<int> Int32(string name, int defaultValue, int min = int.MinValue, int max = int.MaxValue, bool live = false, string? description = null) =>
        new(name, $"a whole number from {min} to {max}", defaultValue, live, ParseInt32, Format)
        {
            Shape = string.Create(CultureInfo.InvariantCulture, $"int {min} {max}"),
            Check = value => value >= min && value <= max,
            Description = description,
        };

    /// <summary>A whole number of 32 bits from <paramref name="min"/>; one above <paramref name="max"/> counts as that, with a warning.</summary>
    public static PropertyDefinition<int> CappedInt32(string name, int defaultValue, int min, int max, bool live = false, string? description = null) =>
        new(name, $"a whole number from {min} to {max}", defaultValue, live, ParseInt32, Format)
        {
            Shape = string.Create(CultureInfo.InvariantCulture, $"int {min} {max}"),
            Check = value => value >= min && value <= max,
            Cap = text => ParseInt64(text, out long value) && value > max ? max : null,
            Description = description,
        };

    /// <summary>A whole number of 64 bits in [<paramref name="min"/>, <paramref name="max"/>].</summary>
    public static PropertyDefinition<long> Int64(string name, long defaultValue, long min = long.MinValue, long max = long.MaxValue, bool live = false, string? description = null) =>
        new(name, $"a whole number from {min} to {max}", defaultValue, live, ParseInt64, Format)
        {
            Shape = string.Create(CultureInfo.InvariantCulture, $"long {min} {max}"),
            Check = value => value >= min && value <= max,
            Description = description,
        };

    /// <summary>A decimal number in [<paramref name="min"/>, <paramref name="max"/>].</summary>
    public static PropertyDefinition<double> Double(string name, double defaultValue, double min, double max, bool live = false, string? description = null) =>
        new(name, string.Create(CultureInfo.InvariantCulture, $"a number from {min} to {max}"), defaultValue, live, ParseDouble, Format)
        {
            Shape = string.Create(CultureInfo.InvariantCulture, $"double {min:R} {max:R}"),
            Check = value => value >= min && value <= max,
            Description = description,
        };

    /// <summary><c>true</c> or <c>false</c> in any case. Java reads everything else as false; here it is a mistake worth telling.</summary>
    public static PropertyDefinition<bool> Boolean(string name, bool defaultValue, bool live = false, string? description = null) =>
        new(name, "true or false", defaultValue, live, ParseBoolean, static value => value ? "true" : "false") { Shape = "bool", Description = description };

    /// <summary>Any text, trimmed. An empty value is the same as none and gives the default.</summary>
    public static PropertyDefinition<string> Text(string name, string defaultValue, bool live = false, string? description = null) =>
        new(name, "any text", defaultValue, live, static (string text, out string value) => ParseText(text, out value), static value => value) { Shape = "text", Description = description };

    /// <summary>Text that <paramref name="check"/> accepts; <paramref name="allowed"/> says which that is.</summary>
    public static PropertyDefinition<string> Text(string name, string defaultValue, string allowed, Func<string, bool> check, bool live = false, string? description = null) =>
        new(name, allowed, defaultValue, live, static (string text, out string value) => ParseText(text, out value), static value => value)
        {
            Check = check,
            Description = description,
        };

    /// <summary>
    /// Text in which <paramref name="findProblem"/> finds nothing wrong; it gets the trimmed text and says in a few words what is wrong.
    /// </summary>
    public static PropertyDefinition<string> Text(string name, string defaultValue, string allowed, Func<string, string?> findProblem, bool live = false, string? description = null) =>
        new(name, allowed, defaultValue, live, static (string text, out string value) => ParseText(text, out value), static value => value)
        {
            Check = text => findProblem(text) is null,
            FindProblem = text => findProblem(text.Trim()),
            Description = description,
        };

    /// <summary>One of a few names, compared without regard to case as nobody means two things by them.</summary>
    public static PropertyDefinition<T> Choice<T>(string name, T defaultValue, IReadOnlyDictionary<string, T> choices, bool live = false, string? description = null)
        where T : notnull =>
        new(name, "one of " + string.Join(", ", choices.Keys), defaultValue, live, (string text, out T value) => ParseChoice(choices, text, out value), value => NameOf(choices, value))
        {
            Shape = "choice " + string.Join(' ', choices.Keys),
            Description = description,
        };

    /// <summary>A key for which one value is allowed, in any case; <paramref name="why"/> says why no other is.</summary>
    public static PropertyDefinition<string> Only(string name, string value, string why) =>
        new(name, $"{value} ({why})", value, false, static (string text, out string parsed) => ParseText(text, out parsed), static parsed => parsed)
        {
            Shape = "only " + value,
            Check = text => string.Equals(text, value, StringComparison.OrdinalIgnoreCase),
        };

    /// <summary>A key of RocketMQ that has nothing to act on here, see <see cref="PropertySupport.Ignored"/>.</summary>
    public static PropertyDefinition<string> Ignored(string name, string description) =>
        new(name, "any text", string.Empty, false, static (string text, out string value) => ParseText(text, out value), static value => value)
        {
            Shape = "ignored",
            Support = PropertySupport.Ignored,
            Description = description,
        };

    /// <summary>A key of RocketMQ for something not done here, see <see cref="PropertySupport.Unsupported"/>.</summary>
    public static PropertyDefinition<string> Unsupported(string name, string advice) =>
        new(name, "any text", string.Empty, false, static (string text, out string value) => ParseText(text, out value), static value => value)
        {
            Shape = "unsupported",
            Support = PropertySupport.Unsupported,
            Advice = advice,
        };

    /// <summary>True when <paramref name="text"/> is an allowed value.</summary>
    public abstract bool Accepts(string text);

    /// <summary>
    /// Puts the largest allowed value in the place of a larger one, for keys where RocketMQ takes any: files with such a value start there.
    /// Returns false for every other text, and for keys without a cap.
    /// </summary>
    internal virtual bool TryCapBoxed(string text, out object? value)
    {
        value = null;
        return false;
    }

    internal abstract bool TryParseBoxed(string text, out object? value);

    internal abstract string FormatBoxed(object? value);

    private static bool ParseInt32(string text, out int value) => int.TryParse(text.AsSpan().Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);

    private static bool ParseInt64(string text, out long value) => long.TryParse(text.AsSpan().Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);

    private static bool ParseDouble(string text, out double value) =>
        double.TryParse(text.AsSpan().Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out value) && double.IsFinite(value);

    private static bool ParseBoolean(string text, out bool value) => bool.TryParse(text, out value);

    private static bool ParseText(string text, out string value)
    {
        value = text.Trim();
        return true;
    }

    private static bool ParseChoice<T>(IReadOnlyDictionary<string, T> choices, string text, out T value)
    {
        ReadOnlySpan<char> trimmed = text.AsSpan().Trim();
        foreach ((string name, T choice) in choices)
        {
            if (trimmed.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                value = choice;
                return true;
            }
        }

        value = default!;
        return false;
    }

    private static string NameOf<T>(IReadOnlyDictionary<string, T> choices, T value)
    {
        foreach ((string name, T choice) in choices)
        {
            if (EqualityComparer<T>.Default.Equals(choice, value))
            {
                return name;
            }
        }

        return value?.ToString() ?? string.Empty;
    }

    private static string Format<T>(T value)
        where T : IFormattable => value.ToString(null, CultureInfo.InvariantCulture);
}

/// <summary>Treatment of a known key.</summary>
public enum PropertySupport
{
    /// <summary>The value takes effect.</summary>
    Honoured,

    /// <summary>RocketMQ's key, accepted so that its files start here; it has nothing to act on. Not worth a warning.</summary>
    Ignored,

    /// <summary>RocketMQ's key for something that is not done here. The start goes on with a warning that says what to do instead.</summary>
    Unsupported,
}
