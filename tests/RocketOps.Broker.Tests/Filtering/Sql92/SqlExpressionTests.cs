using System.Text;
using RocketOps.Broker.Filtering.Sql92;
using RocketOps.Broker.Filtering.Sql92.Values;
using RocketOps.Broker.Tests.Support;
using RocketOps.Testing.Memory;
using RocketOps.Testing.Rings;

namespace RocketOps.Broker.Tests.Filtering.Sql92;

/// <summary>What is said about expressions that do not compile, and that hostile ones cost neither stack nor memory.</summary>
public sealed class SqlExpressionTests
{
    private static readonly int Texts = Depth.Of(20_000, deep: 100_000);

    private static readonly string[] Words =
    [
        "a", "b", "_c", "$d", "1", "0", "1.5", "3000000000", "1e3", "5L", "'x'", "''", "'it''s'", "TRUE", "FALSE", "NULL", "NOT", "AND", "OR", "BETWEEN", "IN", "IS", "CONTAINS", "STARTSWITH",
        "ENDSWITH", "(", ")", ",", "=", "<>", "<", "<=", ">", ">=", "+", "-", "--", "/*", "*/", "'", "\n", ".", ";", "é",
    ];

    [Theory]
    [InlineData("a = 1 AND", "Encountered \"<EOF>\" at line 1, column 10.")]
    [InlineData("a = 1 AND\n  OR b = 2", "Encountered \"OR\" at line 2, column 3.")]
    [InlineData("a IN (1)", "Encountered \"1\" at line 1, column 7. Was expecting a text in quotes")]
    [InlineData("a IS TRUE", "Encountered \"TRUE\" at line 1, column 6. Was expecting NULL")]
    [InlineData("a = 'x", "Lexical error at line 1, column 5")]
    [InlineData("a = ;", "Lexical error at line 1, column 5")]
    [InlineData("a > TRUE", "Value TRUE cannot be compared, at line 1, column 1")]
    [InlineData("a = NULL", "'NULL' cannot be compared")]
    [InlineData("1", "Expression will not result in a boolean value, at line 1, column 1")]
    [InlineData("a BETWEEN 5 AND 1", "left value(5) must less than or equal to right value(1)")]
    [InlineData("a = 99999999999999999999", "is more than 9223372036854775807, at line 1, column 5")]
    [InlineData("a = 0.0", "0.0 is less than 5E-324, at line 1, column 5")]
    [InlineData("", "the expression is empty")]
    public void Compile_Malformed_TellsWhereAndWhy(string text, string problem)
    {
        Action compile = () => SqlExpression.Compile(text);

        compile.Should().Throw<SqlExpressionException>().Which.Message.Should().Contain(problem);
    }

    [Fact]
    public void Compile_NestedDeeplyOrLongOrWithManyProperties_IsRefused()
    {
        string[] hostile =
        [
            new string('(', SqlExpression.MaxLength),
            string.Concat(Enumerable.Repeat("NOT ", SqlExpression.MaxLength / 4)),
            new string('-', 1) + string.Concat(Enumerable.Repeat(" -", (SqlExpression.MaxLength / 2) - 1)),
            "a = 1" + string.Concat(Enumerable.Repeat(" = a", 1_000)),
            string.Concat(Enumerable.Repeat("a = (", 1_000)),
            string.Join(" OR ", Enumerable.Range(0, SqlExpression.MaxProperties + 1).Select(static i => $"p{i} = 1")),
            "a = '" + new string('x', SqlExpression.MaxLength) + "'",
        ];

        hostile.Should().AllSatisfy(static text => SqlExpression.TryCompile(text, out _, out _).Should().BeFalse());
    }

    [Fact]
    public void Evaluate_AsLongAsItMayBe_IsAnswered()
    {
        string terms = string.Join(" OR ", Enumerable.Range(0, 1_000).Select(static i => $"a = '{i}'"));
        string nested = new string('(', 100) + "a = '999'" + new string(')', 100);

        Matches($"{terms} AND {nested}", ("a", "999")).Should().BeTrue();
    }

    /// <summary>Of the words of the language in any order each is compiled or refused, and what compiles has an outcome for any properties.</summary>
    [Fact]
    public void Compile_AnyWords_NeverFailsOtherwise()
    {
        Random random = new(20_260_101);
        byte[] properties = Encoding.UTF8.GetBytes(Requests.Properties(("a", "1"), ("b", "x"), ("_c", "1.5"), ("$d", "true")));
        int compiled = 0;
        for (int i = 0; i < Texts; i++)
        {
            string text = string.Join(random.Next(4) == 0 ? string.Empty : " ", Enumerable.Range(0, random.Next(1, 12)).Select(_ => Words[random.Next(Words.Length)]));
            if (SqlExpression.TryCompile(text, out SqlExpression? expression, out string? problem))
            {
                compiled++;
                expression.Evaluate(properties, out _).Should().BeOneOf(SqlKind.Null, SqlKind.Boolean, SqlKind.Error);
                expression.Evaluate(default, out _).Should().BeOneOf(SqlKind.Null, SqlKind.Boolean, SqlKind.Error);
            }
            else
            {
                problem.Should().NotBeEmpty();
            }
        }

        compiled.Should().BeGreaterThan(Texts / 100, "the words are not only nonsense");
    }

    [Fact]
    public void Compile_AnyChars_NeverFailsOtherwise()
    {
        Random random = new(7);
        for (int i = 0; i < Texts / 2; i++)
        {
            char[] text = [.. Enumerable.Range(0, random.Next(1, 30)).Select(_ => random.Next(8) == 0 ? (char)random.Next(0x1_0000) : (char)random.Next(0x20, 0x7f))];
            SqlExpression.TryCompile(new string(text), out SqlExpression? expression, out _);
            expression?.Evaluate("a\u00011\u0002"u8, out _);
        }
    }

    /// <summary>Numbers with more digits than any type holds, and properties that are no UTF-8.</summary>
    [Fact]
    public void Evaluate_AnyBytesAsValue_NeverFails()
    {
        SqlExpression[] expressions = [.. new[] { "a = 1", "a = 3000000000", "a > 1.5", "a < a", "a = TRUE", "a IN ('x')", "a CONTAINS 'x'" }.Select(SqlExpression.Compile)];
        string[] alphabet = ["0", "9", "1", ".", "e", "E", "+", "-", "x", "0x", "p", "f", "d", "L", " ", "NaN", "Infinity", "\u0661", "x"];
        Random random = new(11);
        for (int i = 0; i < Texts / 2; i++)
        {
            byte[] value = random.Next(4) == 0
                ? [.. Enumerable.Range(0, random.Next(1, 40)).Select(_ => (byte)random.Next(3, 256))]
                : Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, random.Next(1, 25)).Select(_ => alphabet[random.Next(alphabet.Length)])));
            byte[] properties = [(byte)'a', 1, .. value, 2];
            foreach (SqlExpression expression in expressions)
            {
                expression.Evaluate(properties, out _);
            }
        }
    }

    [Fact]
    public void Evaluate_PropertyTwice_TheLaterCounts()
    {
        Matches("a = 'new'", ("a", "old"), ("b", "x"), ("a", "new")).Should().BeTrue();
    }

    [Fact]
    public void Evaluate_AllOperators_AllocatesNothing()
    {
        SqlExpression expression = SqlExpression.Compile(
            "a > 1 AND b BETWEEN 0.5 AND 7.5 AND (c = 'x' OR c IN ('y', 'z')) AND d IS NULL AND e CONTAINS 'mid' AND NOT (f = 3000000000) AND g = TRUE AND h < i AND -1 < a");
        byte[] properties = Encoding.UTF8.GetBytes(
            Requests.Properties(("a", "5"), ("b", "0x1p2"), ("c", "z"), ("e", "amidst"), ("f", "12"), ("g", "true"), ("h", "1e3"), ("i", "1234567890123456789.5")));
        expression.MatchesProperties(properties).Should().BeTrue();

        int refused = 0;
        long allocated = Allocations.Least(() =>
        {
            for (int i = 0; i < 1_000; i++)
            {
                refused += expression.MatchesProperties(properties) ? 0 : 1;
            }
        });

        allocated.Should().Be(0);
        refused.Should().Be(0);
    }

    private static bool Matches(string text, params (string Name, string Value)[] properties) =>
        SqlExpression.Compile(text).MatchesProperties(Encoding.UTF8.GetBytes(Requests.Properties(properties)));
}
