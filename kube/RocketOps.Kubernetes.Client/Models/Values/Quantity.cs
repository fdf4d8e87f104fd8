using System.Numerics;
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
        quantity = QuantityNumber.TryParse(text, out QuantityNumber number) && number.TryValue(out decimal value) ? new Quantity(text!, value) : null;
        return quantity is not null;
    }

    /// <summary>
    /// The form in which the server stores an amount: no fraction, the largest suffix of the same family that leaves an integer. Exact for amounts too large for
    /// <see cref="Value"/> as well; false when it is none.
    /// </summary>
    public static bool TryCanonical(string text, out string canonical)
    {
        bool isQuantity = QuantityNumber.TryParse(text, out QuantityNumber number);
        canonical = isQuantity ? number.Canonical() : text;
        return isQuantity;
    }

    /// <summary>The amount in billionths, rounded away from zero as the server keeps it; false when the text is none. Exact whatever the size.</summary>
    public static bool TryNanos(string text, out BigInteger nanos)
    {
        bool isQuantity = QuantityNumber.TryParse(text, out QuantityNumber number);
        nanos = isQuantity ? number.Nanos() : BigInteger.Zero;
        return isQuantity;
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
}
