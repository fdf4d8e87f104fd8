using System.Buffers;
using System.Globalization;
using System.Numerics;
using System.Text;

namespace RocketOps.Broker.Filtering.Sql92.Values;

/// <summary>Reads numbers as Java's <c>parseInt</c>, <c>parseLong</c> and <c>parseDouble</c> do: which texts are numbers, and which ones. Allocates nothing.</summary>
internal static class JavaNumbers
{
    /// <summary>Digits of a hexadecimal mantissa that matter: what is cut only says whether the rest is zero.</summary>
    private const int HexBits = 60;

    private const int MantissaBits = 53;
    private const int SmallestExponent = -1074;

    /// <summary>Exponents beyond make any mantissa of a message infinite or zero.</summary>
    private const long ExponentLimit = 1_000_000;

    /// <summary>Digits whose number is exact as a double, and any of which a long holds.</summary>
    private const int ExactDigits = 15;

    /// <summary>Powers of ten that are exact as a double and that <see cref="ExactDigits"/> digits can have behind the point.</summary>
    private static ReadOnlySpan<double> PowersOfTen => [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

    /// <summary>A decimal number without spaces, with at most one sign, whose digits may be those of any script. False when it is none, or beyond the bounds.</summary>
    public static bool TryReadInteger(ReadOnlySpan<byte> text, long min, long max, out long value)
    {
        value = 0;
        bool isNegative = !text.IsEmpty && text[0] == '-';
        if (isNegative || (!text.IsEmpty && text[0] == '+'))
        {
            text = text[1..];
        }

        if (text.IsEmpty)
        {
            return false;
        }

        if (TryReadShort(text, allowsPoint: false, out long digits, out _))
        {
            value = isNegative ? -digits : digits;
            return value >= min && value <= max;
        }

        // Below zero, where there is room for one more.
        while (!text.IsEmpty)
        {
            if (!TryReadDigit(ref text, out int digit) || value < (long.MinValue + digit) / 10)
            {
                return false;
            }

            value = (value * 10) - digit;
        }

        if (!isNegative)
        {
            if (value == long.MinValue)
            {
                return false;
            }

            value = -value;
        }

        return value >= min && value <= max;
    }

    /// <summary>
    /// A decimal or hexadecimal floating-point number, NaN or Infinity, between characters that Java trims. What is too large is infinite, what is too small is zero.
    /// </summary>
    public static bool TryReadDouble(ReadOnlySpan<byte> text, out double value)
    {
        value = 0;
        text = Trim(text);
        bool isNegative = !text.IsEmpty && text[0] == '-';
        if (isNegative || (!text.IsEmpty && text[0] == '+'))
        {
            text = text[1..];
        }

        if (TryReadShort(text, allowsPoint: true, out long digits, out int fraction))
        {
            // Both are exact, so that the quotient is the nearest double, as a whole parser would find it.
            value = digits / PowersOfTen[fraction];
            value = isNegative ? -value : value;
            return true;
        }

        bool isRead;
        if (text.SequenceEqual("NaN"u8))
        {
            value = double.NaN;
            return true;
        }

        if (text.SequenceEqual("Infinity"u8))
        {
            value = double.PositiveInfinity;
            isRead = true;
        }
        else
        {
            isRead = text.Length > 1 && text[0] == '0' && (text[1] | 0x20) == 'x' ? TryReadHexadecimal(text[2..], out value) : TryReadDecimal(text, out value);
        }

        value = isNegative ? -value : value;
        return isRead;
    }

    /// <summary>The few plain digits that nearly all numbers are, perhaps with a point among them. False for everything else, numbers or not.</summary>
    private static bool TryReadShort(ReadOnlySpan<byte> text, bool allowsPoint, out long digits, out int fraction)
    {
        digits = 0;
        fraction = 0;
        int point = -1;
        if (text.Length > ExactDigits)
        {
            return false;
        }

        for (int i = 0; i < text.Length; i++)
        {
            uint digit = (uint)(text[i] - '0');
            if (digit <= 9)
            {
                digits = (digits * 10) + digit;
            }
            else if (text[i] == '.' && allowsPoint && point < 0)
            {
                point = i;
            }
            else
            {
                return false;
            }
        }

        fraction = point < 0 ? 0 : text.Length - 1 - point;
        return text.Length > (point < 0 ? 0 : 1);
    }

    private static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> text)
    {
        int start = text.IndexOfAnyExceptInRange((byte)0, (byte)' ');
        return start < 0 ? default : text[start..(text.LastIndexOfAnyExceptInRange((byte)0, (byte)' ') + 1)];
    }

    private static bool TryReadDigit(ref ReadOnlySpan<byte> text, out int digit)
    {
        digit = text[0] - '0';
        if (text[0] < 0x80)
        {
            text = text[1..];
            return (uint)digit <= 9;
        }

        // Java looks at one char, which digits beyond the basic plane are not.
        if (Rune.DecodeFromUtf8(text, out Rune rune, out int length) != OperationStatus.Done || !rune.IsBmp)
        {
            return false;
        }

        text = text[length..];
        digit = CharUnicodeInfo.GetDecimalDigitValue((char)rune.Value);
        return digit >= 0;
    }

    private static bool TryReadDecimal(ReadOnlySpan<byte> text, out double value)
    {
        value = 0;
        int at = Digits(text, 0);
        int digits = at;
        if (at < text.Length && text[at] == '.')
        {
            int fraction = Digits(text, at + 1);
            digits += fraction;
            at += 1 + fraction;
        }

        if (digits == 0)
        {
            return false;
        }

        if (at < text.Length && (text[at] | 0x20) == 'e')
        {
            int sign = at + 1 < text.Length && text[at + 1] is (byte)'+' or (byte)'-' ? 1 : 0;
            int exponent = Digits(text, at + 1 + sign);
            if (exponent == 0)
            {
                return false;
            }

            at += 1 + sign + exponent;
        }

        return IsEnd(text, at) && double.TryParse(text[..at], NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out value);
    }

    private static bool TryReadHexadecimal(ReadOnlySpan<byte> text, out double value)
    {
        value = 0;
        ulong mantissa = 0;
        long exponent = 0;
        int digits = 0;
        int at = 0;
        bool isFraction = false;
        for (; at < text.Length; at++)
        {
            if (text[at] == '.' && !isFraction)
            {
                isFraction = true;
                continue;
            }

            if (!char.IsAsciiHexDigit((char)text[at]))
            {
                break;
            }

            digits++;
            uint digit = (uint)(text[at] <= '9' ? text[at] - '0' : (text[at] | 0x20) - 'a' + 10);
            if (mantissa >> HexBits == 0)
            {
                mantissa = (mantissa << 4) | digit;
                exponent -= isFraction ? 4 : 0;
            }
            else
            {
                mantissa |= digit == 0 ? 0ul : 1;
                exponent += isFraction ? 0 : 4;
            }
        }

        if (digits == 0 || at == text.Length || (text[at] | 0x20) != 'p')
        {
            return false;
        }

        at++;
        int sign = at < text.Length && text[at] is (byte)'+' or (byte)'-' ? 1 : 0;
        int length = Digits(text, at + sign);
        if (length == 0 || !IsEnd(text, at + sign + length))
        {
            return false;
        }

        long written = TryReadInteger(text.Slice(at, sign + length), -ExponentLimit, ExponentLimit, out long power) ? power : sign == 1 && text[at] == '-' ? -ExponentLimit : ExponentLimit;
        value = Scale(mantissa, exponent + written);
        return true;
    }

    /// <summary>mantissa × 2^exponent, rounded once.</summary>
    private static double Scale(ulong mantissa, long exponent)
    {
        if (mantissa == 0)
        {
            return 0;
        }

        // To the precision the result has, which is less for the smallest numbers; the last bit tells that something was cut.
        int bits = 64 - BitOperations.LeadingZeroCount(mantissa);
        long lowest = Math.Max(exponent + bits - MantissaBits, SmallestExponent);
        long cut = lowest - exponent;
        if (cut <= 0)
        {
            return exponent > ExponentLimit ? double.PositiveInfinity : Math.ScaleB(mantissa, (int)Math.Clamp(exponent, -ExponentLimit, ExponentLimit));
        }

        if (cut > bits)
        {
            return 0;
        }

        ulong kept = cut == 64 ? 0 : mantissa >> (int)cut;
        ulong half = 1ul << (int)(cut - 1);
        ulong rest = cut == 64 ? mantissa : mantissa & ((1ul << (int)cut) - 1);
        if (rest > half || (rest == half && (kept & 1) == 1))
        {
            kept++;
        }

        return Math.ScaleB(kept, (int)Math.Min(lowest, ExponentLimit));
    }

    private static int Digits(ReadOnlySpan<byte> text, int at)
    {
        int end = text[Math.Min(at, text.Length)..].IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        return end < 0 ? text.Length - Math.Min(at, text.Length) : end;
    }

    /// <summary>Nothing follows, or one letter that says which kind of number it is.</summary>
    private static bool IsEnd(ReadOnlySpan<byte> text, int at) => at == text.Length || (at == text.Length - 1 && (text[at] | 0x20) is 'f' or 'd');
}
