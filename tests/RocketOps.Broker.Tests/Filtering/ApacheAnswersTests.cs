using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using RocketOps.Broker.Filtering.Sql92;
using RocketOps.Broker.Filtering.Sql92.Values;
using RocketOps.Broker.Tests.Support;

namespace RocketOps.Broker.Tests.Filtering;

/// <summary>The rules of types, of unknown values and of the grammar, by what Apache's filter library answered to the same expressions.</summary>
public sealed partial class ApacheAnswersTests
{
    private const int Expressions = 1177;

    [Fact]
    public void Evaluate_EveryExpressionWithEverySetOfProperties_AnswersAsApache()
    {
        List<(string Text, byte[] Encoded)> sets = [];
        List<string> differences = [];
        bool isReadingSets = false;
        int compared = 0;
        foreach (string line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Filtering", "apache-sql92.txt")).Where(static line => line[0] != '#'))
        {
            if (line[0] == '=')
            {
                if (!isReadingSets)
                {
                    sets.Clear();
                }

                isReadingSets = true;
                sets.Add((line[2..], Encode(Unescape(line[2..]))));
                continue;
            }

            isReadingSets = false;
            compared++;
            int split = line.IndexOf(' ', StringComparison.Ordinal);
            differences.AddRange(Compare(Unescape(line[(split + 1)..]), line[..split], sets));
        }

        differences.Should().BeEmpty();
        compared.Should().Be(Expressions);
    }

    private static IEnumerable<string> Compare(string text, string expected, List<(string Text, byte[] Encoded)> sets)
    {
        if (!SqlExpression.TryCompile(text, out SqlExpression? expression, out string? problem))
        {
            if (expected != "!")
            {
                yield return $"{text} does not compile: {problem}";
            }

            yield break;
        }

        if (expected == "!")
        {
            yield return $"{text} compiles";
            yield break;
        }

        for (int i = 0; i < sets.Count; i++)
        {
            SqlKind kind = expression.Evaluate(sets[i].Encoded, out bool isTrue);
            char actual = kind switch
            {
                SqlKind.Null => 'N',
                SqlKind.Error => 'E',
                _ => isTrue ? 'T' : 'F',
            };
            if (actual != expected[i])
            {
                yield return $"{text} with {sets[i].Text} is {actual}, Apache says {expected[i]}";
            }
        }
    }

    private static byte[] Encode(string set) =>
        set == "-"
            ? []
            : Encoding.UTF8.GetBytes(Requests.Properties([.. set.Split(';').Select(static pair => (pair[..pair.IndexOf('=', StringComparison.Ordinal)], pair[(pair.IndexOf('=', StringComparison.Ordinal) + 1)..]))]));

    private static string Unescape(string text) =>
        Escaped().Replace(text, static match => ((char)int.Parse(match.Groups["unit"].ValueSpan, NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToString());

    [GeneratedRegex(@"\\u(?<unit>[0-9a-f]{4})", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Escaped();
}
