using System.Globalization;
using System.Text.Json.Serialization;

namespace RocketOps.Kubernetes.Models;

/// <summary>
/// An amount as Kubernetes writes it: <c>20Gi</c>, <c>500m</c>, <c>1e3</c>. Compared by value, because the server stores a canonical form
/// (<c>1024Mi</c> comes back as <c>1Gi</c>). Keeps the text it was made of.
/// </summary>
/// <remarks>
/// Grammar: <c>[+-]digits[.digits]</c> and one of <c>n u m "" k M G T P E</c> (powers of 1000), <c>Ki Mi Gi Ti Pi Ei</c> (powers of 1024) or
/// <c>e±digits</c>. Source: apimachinery, <c>pkg/api/resource/quantity.go</c>. <c>K</c> is not a suffix.
/// </remarks>
[JsonConverter(typeof(QuantityConverter))]
public sealed class Quantity : IEquatable<Quantity>, IComparable<Quantity>
{
    /// <summary>The server counts up to 2⁶³−1; longer input is refused before it is parsed.</summary>
    private const int MaxLength = 64;

    private const int MaxExponent = 18;

    private readonly string _text;

    private Quantity(string text, decimal value)
    {
        _text = text;
        Value = value;
    }

    public decimal Value { get; }

    public static Quantity Parse(string text) =>
        TryParse(text, out Quantity? quantity) ? quantity : throw new FormatException($"'{text}' is not a quantity such as 20Gi, 500m or 2.");

    public static bool TryParse(string? text, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Quantity? quantity)
    {
        quantity = null;
        if (string.IsNullOrEmpty(text) || text.Length > MaxLength)
        {
            return false;
        }

        int end = 0;
        while (end < text.Length && (char.IsAsciiDigit(text[end]) || text[end] == '.' || (end == 0 && text[end] is '+' or '-')))
        {
            end++;
        }

        if (!decimal.TryParse(text.AsSpan(0, end), NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal number)
            || !TryFactor(text.AsSpan(end), out decimal factor))
        {
            return false;
        }

        try
        {
            quantity = new Quantity(text, number * factor);
            return true;
        }
        catch (OverflowException)
        {
            return false;
        }
    }

    public bool Equals(Quantity? other) => other is not null && Value == other.Value;

    public override bool Equals(object? obj) => Equals(obj as Quantity);

    public override int GetHashCode() => Value.GetHashCode();

    public int CompareTo(Quantity? other) => other is null ? 1 : Value.CompareTo(other.Value);

    public override string ToString() => _text;

    public static bool operator ==(Quantity? left, Quantity? right) => left is null ? right is null : left.Equals(right);

    public static bool operator !=(Quantity? left, Quantity? right) => !(left == right);

    public static bool operator <(Quantity? left, Quantity? right) => left is null ? right is not null : left.CompareTo(right) < 0;

    public static bool operator <=(Quantity? left, Quantity? right) => left is null || left.CompareTo(right) <= 0;

    public static bool operator >(Quantity? left, Quantity? right) => !(left <= right);

    public static bool operator >=(Quantity? left, Quantity? right) => !(left < right);

    private static bool TryFactor(ReadOnlySpan<char> suffix, out decimal factor)
    {
        factor = suffix switch
        {
            "n" => 0.000000001m,
            "u" => 0.000001m,
            "m" => 0.001m,
            "" => 1m,
            "k" => 1_000m,
            "M" => 1_000_000m,
            "G" => 1_000_000_000m,
            "T" => 1_000_000_000_000m,
            "P" => 1_000_000_000_000_000m,
            "E" => 1_000_000_000_000_000_000m,
            "Ki" => 1L << 10,
            "Mi" => 1L << 20,
            "Gi" => 1L << 30,
            "Ti" => 1L << 40,
            "Pi" => 1L << 50,
            "Ei" => 1L << 60,
            _ => 0m,
        };
        if (factor != 0m)
        {
            return true;
        }

        if (suffix[0] is not ('e' or 'E')
            || !int.TryParse(suffix[1..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int exponent)
            || exponent is < -MaxExponent or > MaxExponent)
        {
            return false;
        }

        factor = 1m;
        for (int i = 0; i < Math.Abs(exponent); i++)
        {
            factor = exponent > 0 ? factor * 10m : factor / 10m;
        }

        return true;
    }
}
