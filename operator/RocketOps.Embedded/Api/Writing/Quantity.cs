using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;

namespace RocketOps.Embedded.Api.Writing;

/// <summary>Kubernetes' resource quantities, brought into canonical form: no fraction, the largest suffix of the same family that leaves an integer.</summary>
internal static partial class Quantity
{
    private static readonly string[] Binary = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

    // n is the smallest the real server keeps; finer values are rounded up to it.
    private static readonly (string Suffix, int Exponent)[] Decimal =
        [("n", -9), ("u", -6), ("m", -3), ("", 0), ("k", 3), ("M", 6), ("G", 9), ("T", 12), ("P", 15), ("E", 18)];

    public static bool TryCanonical(string text, out string canonical)
    {
        canonical = text;
        Match match = Shape().Match(text);
        if (!match.Success || text.Length > 64)
        {
            return false;
        }

        string sign = match.Groups["sign"].Value == "-" ? "-" : string.Empty;
        string whole = match.Groups["whole"].Value;
        string fraction = match.Groups["fraction"].Value.TrimEnd('0');
        if (whole.Length + fraction.Length == 0 && match.Groups["fraction"].Value.Length == 0)
        {
            return false;
        }

        string suffix = match.Groups["suffix"].Value;
        BigInteger digits = BigInteger.Parse("0" + whole + fraction, CultureInfo.InvariantCulture);
        int scale = -fraction.Length;
        int binary = Array.IndexOf(Binary, suffix);
        if (binary > 0)
        {
            canonical = sign + FromBinary(digits, scale, binary);
            return true;
        }

        int exponent;
        bool scientific = match.Groups["exponent"].Success;
        if (scientific)
        {
            exponent = int.Parse(match.Groups["exponent"].Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
            if (Math.Abs(exponent) > 100)
            {
                return false;
            }
        }
        else
        {
            exponent = Decimal.First(d => d.Suffix == suffix).Exponent;
        }

        canonical = sign + FromDecimal(digits, scale + exponent, scientific);
        return true;
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

    [GeneratedRegex(@"^(?<sign>[-+]?)(?<whole>[0-9]*)(\.(?<fraction>[0-9]*))?((?<suffix>Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E)|[eE](?<exponent>[-+]?[0-9]{1,4}))?$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Shape();
}
