using System.Globalization;
using System.Text;
using RocketOps.Broker.Filtering.Sql92;
using RocketOps.Broker.Filtering.Sql92.Values;

namespace RocketOps.Broker.Tests.Filtering;

/// <summary>The quick ways of SQL92 filters say what the slow ones say: properties found in one scan, numbers of a few digits, comparisons of a property with a literal.</summary>
public sealed class SqlShortcutsTests
{
    private static readonly string[] Names = ["a", "bb", "ab", "name-longer-than-any-vector-of-a-machine-is-wide-and-longer-than-the-bits-of-a-word"];

    private static readonly string[] Numbers = ["0", "1", "-1", "+7", "007", "12", "1.5", "-1.5", "1.", ".5", ".", "", "-", "1e3", "1.2.3", " 1", "1 ", "2147483647", "2147483648", "-2147483648", "999999999999999", "9999999999999999", "9223372036854775808", "0.1", "123456.789012345", "NaN", "1f", "x"];

    [Fact]
    public void Find_AnyText_FindsWhatThePropertyReaderDoes()
    {
        Random random = new(4711);
        SqlPropertyNames wanted = new([.. Names.Select(Encoding.UTF8.GetBytes)]);
        SqlProperties.Place[] places = new SqlProperties.Place[Names.Length];
        for (int round = 0; round < 20_000; round++)
        {
            byte[] text = Text(random);
            Dictionary<string, string> expected = new(StringComparer.Ordinal);
            PropertyReader reader = new(text);
            while (reader.TryRead(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
            {
                expected[Encoding.Latin1.GetString(name)] = Encoding.Latin1.GetString(value);
            }

            SqlProperties found = wanted.Find(text, places);

            for (int i = 0; i < Names.Length; i++)
            {
                Encoding.Latin1.GetString(found.TextOf(i)).Should().Be(expected.GetValueOrDefault(Names[i], string.Empty), "{0} in {1}", Names[i], Convert.ToHexString(text));
            }
        }
    }

    [Fact]
    public void TryReadDouble_FewDigits_IsTheNearestDouble()
    {
        Random random = new(4711);
        for (int round = 0; round < 20_000; round++)
        {
            string digits = random.NextInt64(0, 1_000_000_000_000_000_000).ToString(CultureInfo.InvariantCulture)[..random.Next(1, 17)];
            string written = digits.Insert(random.Next(0, digits.Length + 1), random.Next(3) == 0 ? string.Empty : ".");
            bool isNumber = double.TryParse(written, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double expected);

            JavaNumbers.TryReadDouble(Encoding.UTF8.GetBytes(written), out double value).Should().Be(isNumber, written);

            BitConverter.DoubleToInt64Bits(value).Should().Be(BitConverter.DoubleToInt64Bits(expected), written);
        }
    }

    /// <summary>The literal on the left takes the general way: both ways have to agree wherever the property is there.</summary>
    [Theory]
    [InlineData("a = {0}", "{0} = a")]
    [InlineData("a <> {0}", "{0} <> a")]
    [InlineData("a > {0}", "{0} < a")]
    [InlineData("a >= {0}", "{0} <= a")]
    [InlineData("a < {0}", "{0} > a")]
    [InlineData("a <= {0}", "{0} >= a")]
    public void Evaluate_PropertyBesideALiteral_IsAsTheOtherWayRound(string quick, string general)
    {
        string[] literals = quick.Contains('=') && !quick.Contains("<=") && !quick.Contains(">=") || quick.Contains("<>")
            ? ["1", "12", "1.5", "3000000000", "1e3", "'1'", "'x'"]
            : ["1", "12", "1.5", "3000000000", "1e3"];
        foreach (string literal in literals)
        {
            SqlExpression first = SqlExpression.Compile(string.Format(CultureInfo.InvariantCulture, quick, literal));
            SqlExpression second = SqlExpression.Compile(string.Format(CultureInfo.InvariantCulture, general, literal));
            foreach (string number in Numbers.Where(static number => number.Length > 0))
            {
                byte[] properties = Encoding.UTF8.GetBytes($"a\u0001{number}\u0002");
                SqlKind expected = second.Evaluate(properties, out bool isTrue);

                (first.Evaluate(properties, out bool isQuicklyTrue), isQuicklyTrue).Should().Be((expected, isTrue), "{0} of {1} beside {2}", quick, number, literal);
            }
        }
    }

    /// <summary>Names that are asked for and others, separators in every order, ends that are missing; sometimes across the width of a vector.</summary>
    private static byte[] Text(Random random)
    {
        List<byte> text = [];
        int parts = random.Next(0, 24);
        for (int i = 0; i < parts; i++)
        {
            switch (random.Next(6))
            {
                case 0 or 1:
                    text.AddRange(Encoding.UTF8.GetBytes(Names[random.Next(Names.Length)]));
                    break;
                case 2:
                    text.AddRange(Enumerable.Repeat((byte)'v', random.Next(0, 40)));
                    break;
                case 3 or 4:
                    text.Add(PropertyReader.NameEnd);
                    break;
                default:
                    text.Add(PropertyReader.PropertyEnd);
                    break;
            }
        }

        return [.. text];
    }
}
