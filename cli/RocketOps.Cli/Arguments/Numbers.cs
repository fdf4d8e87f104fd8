using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace RocketOps.Cli.Arguments;

/// <summary>
/// Options whose value is a number. Numbers are read in one way on every machine: ASCII digits, and a point before decimal places. Signs,
/// commas, blanks, exponents and hexadecimal digits are refused, as each is read differently somewhere.
/// </summary>
internal static class Numbers
{
    /// <summary>Number that errors show as one that works, where the range has it.</summary>
    private const long Usual = 10;

    /// <summary>Refuses what is no whole number from <paramref name="least"/> to <paramref name="most"/>.</summary>
    public static Option<int> Within(this Option<int> option, int least, int most)
    {
        option.CustomParser = result => (int)(Whole(result, option.Name, least, most) ?? least);
        return option;
    }

    /// <inheritdoc cref="Within(Option{int}, int, int)"/>
    public static Option<int?> Within(this Option<int?> option, int least, int most)
    {
        option.CustomParser = result => (int?)Whole(result, option.Name, least, most);
        return option;
    }

    /// <inheritdoc cref="Within(Option{int}, int, int)"/>
    public static Option<long?> Within(this Option<long?> option, long least, long most)
    {
        option.CustomParser = result => Whole(result, option.Name, least, most);
        return option;
    }

    /// <summary>Refuses what is no number above 0 up to <paramref name="most"/>; decimal places are allowed.</summary>
    public static Option<double> AboveZero(this Option<double> option, double most)
    {
        option.CustomParser = result => Positive(result, option.Name, most) ?? most;
        return option;
    }

    /// <inheritdoc cref="AboveZero(Option{double}, double)"/>
    public static Option<double?> AboveZero(this Option<double?> option, double most)
    {
        option.CustomParser = result => Positive(result, option.Name, most);
        return option;
    }

    /// <summary>Parses digits with at most one point; NaN, infinity, signs, separators and blanks are no number.</summary>
    public static bool TryDecimal(string text, out double number)
    {
        number = 0;
        return text.All(static letter => char.IsAsciiDigit(letter) || letter == '.')
            && double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out number) && double.IsFinite(number);
    }

    private static long? Whole(ArgumentResult result, string name, long least, long most)
    {
        string text = result.Tokens[0].Value;
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) && number >= least && number <= most)
        {
            return number;
        }

        result.AddError(string.Create(
            CultureInfo.InvariantCulture,
            $"{name} takes a whole number from {least} to {most}, not \"{text}\"; for example {name} {Math.Clamp(Usual, least, most)}."));
        return null;
    }

    private static double? Positive(ArgumentResult result, string name, double most)
    {
        string text = result.Tokens[0].Value;
        if (TryDecimal(text, out double number) && number > 0 && number <= most)
        {
            return number;
        }

        result.AddError(string.Create(
            CultureInfo.InvariantCulture, $"{name} takes a number above 0 up to {most}, not \"{text}\"; for example {name} 1.5."));
        return null;
    }
}
