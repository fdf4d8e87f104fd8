using System.Globalization;
using System.Numerics;

namespace RocketOps.Kubernetes.Models;

/// <summary>A quantity taken apart, exact whatever its size: <c>Digits × 10^Exponent × 1024^Power</c>.</summary>
/// <param name="Digits">All digits, with the sign.</param>
/// <param name="Exponent">Power of ten, of the fraction and the suffix together.</param>
/// <param name="Power">Power of 1024; 0 for the decimal family.</param>
/// <param name="IsScientific">Written with <c>e</c>, which its canonical form keeps.</param>
internal readonly record struct QuantityNumber(BigInteger Digits, int Exponent, int Power, bool IsScientific)
{
    /// <summary>The server counts up to 2⁶³−1; longer input is refused before it is parsed.</summary>
    private const int MaxLength = 64;

    private const int MaxExponent = 100;

    private const int MaxExponentDigits = 4;

    // A decimal has no more places behind the point.
    private const int MaxPlaces = 28;

    private static readonly string[] Binary = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

    // n is the smallest the real server keeps; finer values are rounded up to it.
    private static readonly (string Suffix, int Exponent)[] Decimal =
        [("n", -9), ("u", -6), ("m", -3), ("", 0), ("k", 3), ("M", 6), ("G", 9), ("T", 12), ("P", 15), ("E", 18)];

    public static bool TryParse(string? text, out QuantityNumber number)
    {
        number = default;
        if (text is null || text.Length > MaxLength)
        {
            return false;
        }

        ReadOnlySpan<char> rest = text;
        bool isNegative = rest.StartsWith('-');
        rest = rest[(isNegative || rest.StartsWith('+') ? 1 : 0)..];
        ReadOnlySpan<char> whole = rest[..CountDigits(rest)];
        rest = rest[whole.Length..];
        ReadOnlySpan<char> fraction = [];
        if (rest.StartsWith('.'))
        {
            fraction = rest.Slice(1, CountDigits(rest[1..]));
            rest = rest[(1 + fraction.Length)..];
        }

        if ((whole.IsEmpty && fraction.IsEmpty) || !TryUnit(rest, out int exponent, out int power, out bool isScientific))
        {
            return false;
        }

        fraction = fraction.TrimEnd('0');
        BigInteger digits = BigInteger.Parse($"0{whole}{fraction}", NumberStyles.None, CultureInfo.InvariantCulture);
        number = new QuantityNumber(isNegative ? -digits : digits, exponent - fraction.Length, power, isScientific);
        return Math.Abs(exponent) <= MaxExponent;
    }

    /// <summary>False when a decimal cannot hold so much.</summary>
    public bool TryValue(out decimal value)
    {
        BigInteger number = Digits * BigInteger.Pow(1024, Power) * BigInteger.Pow(10, Math.Max(0, Exponent));
        int places = Math.Max(0, -Exponent);
        while (places > MaxPlaces || (places > 0 && BigInteger.Abs(number) > (BigInteger)decimal.MaxValue))
        {
            number /= 10;
            places--;
        }

        bool fits = BigInteger.Abs(number) <= (BigInteger)decimal.MaxValue;
        value = fits ? (decimal)number / (decimal)BigInteger.Pow(10, places) : 0;
        return fits;
    }

    /// <summary>Text as the server stores it: no fraction, the largest suffix of the same family that leaves an integer.</summary>
    public string Canonical()
    {
        string sign = Digits.Sign < 0 ? "-" : "";
        BigInteger digits = BigInteger.Abs(Digits);
        return sign + (Power > 0 ? FromBinary(digits, Exponent, Power) : FromDecimal(digits, Exponent, IsScientific));
    }

    /// <summary>Value in billionths, rounded away from zero as the real server keeps it.</summary>
    public BigInteger Nanos()
    {
        BigInteger number = BigInteger.Abs(Digits) * BigInteger.Pow(1024, Power);
        BigInteger divisor = BigInteger.Pow(10, Math.Max(0, -9 - Exponent));
        number = ((number * BigInteger.Pow(10, Math.Max(0, Exponent + 9))) + divisor - 1) / divisor;
        return Digits.Sign < 0 ? -number : number;
    }

    private static string FromBinary(BigInteger digits, int scale, int power)
    {
        BigInteger bytes = digits * BigInteger.Pow(1024, power);
        BigInteger divisor = BigInteger.Pow(10, -scale);
        if (!(bytes % divisor).IsZero)
        {
            // Not a whole number of bytes: the decimal family takes over.
            return FromDecimal(bytes, scale, scientific: false);
        }

        bytes /= divisor;
        if (bytes.IsZero)
        {
            return "0";
        }

        // Below 1024 a binary quantity is written without suffix.
        int suffix = 0;
        while (suffix < Binary.Length - 1 && (bytes % 1024).IsZero)
        {
            bytes /= 1024;
            suffix++;
        }

        return bytes.ToString(CultureInfo.InvariantCulture) + Binary[suffix];
    }

    private static string FromDecimal(BigInteger digits, int exponent, bool scientific)
    {
        if (digits.IsZero)
        {
            return "0";
        }

        while ((digits % 10).IsZero)
        {
            digits /= 10;
            exponent++;
        }

        if (exponent < -9)
        {
            BigInteger divisor = BigInteger.Pow(10, -9 - exponent);
            digits = (digits + divisor - 1) / divisor;
            exponent = -9;
            return FromDecimal(digits, exponent, scientific);
        }

        int multiple = (int)Math.Floor(exponent / 3.0) * 3;
        if (!scientific)
        {
            multiple = Math.Min(multiple, 18);
        }

        digits *= BigInteger.Pow(10, exponent - multiple);
        string number = digits.ToString(CultureInfo.InvariantCulture);
        if (scientific)
        {
            return multiple == 0 ? number : $"{number}e{multiple.ToString(CultureInfo.InvariantCulture)}";
        }

        return number + Decimal.First(d => d.Exponent == multiple).Suffix;
    }

    private static int CountDigits(ReadOnlySpan<char> text)
    {
        int other = text.IndexOfAnyExceptInRange('0', '9');
        return other < 0 ? text.Length : other;
    }

    /// <summary>Reads the unit behind the digits. <c>E</c> alone is a suffix, and begins an exponent when one follows.</summary>
    private static bool TryUnit(ReadOnlySpan<char> unit, out int exponent, out int power, out bool isScientific)
    {
        exponent = 0;
        power = 0;
        isScientific = unit is ['e', _, ..] or ['E', not 'i', ..];
        if (isScientific)
        {
            ReadOnlySpan<char> digits = unit[(unit[1] is '-' or '+' ? 2 : 1)..];
            return digits.Length is > 0 and <= MaxExponentDigits && !digits.ContainsAnyExceptInRange('0', '9') && int.TryParse(unit[1..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out exponent);
        }

        foreach ((string suffix, int itsExponent) in Decimal)
        {
            if (unit.SequenceEqual(suffix))
            {
                exponent = itsExponent;
                return true;
            }
        }

        for (power = 1; power < Binary.Length; power++)
        {
            if (unit.SequenceEqual(Binary[power]))
            {
                return true;
            }
        }

        return false;
    }
}
