using System.CommandLine;
using RocketOps.Cli.Arguments;

namespace RocketOps.Cli.Tests.Arguments;

/// <summary>Numbers of options are read in one way, whatever the machine's language is.</summary>
public sealed class NumbersTests
{
    [Theory]
    [InlineData("1.5", 1.5)]
    [InlineData("200", 200)]
    [InlineData(".5", 0.5)]
    public void Rate_DigitsAndAPoint_IsTaken(string text, double expected) => Parse(new Option<double?>("--rate").AboveZero(1000), text).Should().Be(expected);

    [Theory]
    [InlineData("1,5")]
    [InlineData("1.000,5")]
    [InlineData("1e2")]
    [InlineData("0x10")]
    [InlineData("NaN")]
    [InlineData("Infinity")]
    [InlineData("+1")]
    [InlineData("-1")]
    [InlineData(" 1")]
    [InlineData("1 ")]
    [InlineData("1.2.3")]
    [InlineData("٣")]
    [InlineData("0")]
    [InlineData("1000.1")]
    public void Rate_AnythingElse_IsRefusedWithOneThatWorks(string text) =>
        Refusal(new Option<double?>("--rate").AboveZero(1000), text).Should().Be($"--rate takes a number above 0 up to 1000, not \"{text}\"; for example --rate 1.5.");

    [Theory]
    [InlineData("1,000")]
    [InlineData("1.0")]
    [InlineData("0x1")]
    [InlineData("+1")]
    [InlineData("-1")]
    [InlineData(" 1")]
    [InlineData("21")]
    [InlineData("99999999999999999999")]
    [InlineData("4294967297")]
    public void Count_NoWholeNumberOfTheRange_IsRefusedWithOneThatWorks(string text) =>
        Refusal(new Option<int>("--count").Within(1, 20), text).Should().Be($"--count takes a whole number from 1 to 20, not \"{text}\"; for example --count 10.");

    [Fact]
    public void Count_NotGiven_IsTheDefault()
    {
        Option<int> withDefault = new Option<int>("--count") { DefaultValueFactory = _ => 7 }.Within(1, 20);
        Option<long?> without = new Option<long?>("--most").Within(1, long.MaxValue);
        ParseResult parsed = new Command("do") { withDefault, without }.Parse([]);

        parsed.Errors.Should().BeEmpty();
        parsed.GetValue(withDefault).Should().Be(7);
        parsed.GetValue(without).Should().BeNull();
    }

    private static T? Parse<T>(Option<T> option, string text) => new Command("do") { option }.Parse([option.Name, text]).GetValue(option);

    private static string Refusal<T>(Option<T> option, string text) => new Command("do") { option }.Parse([option.Name, text]).Errors.Should().ContainSingle().Subject.Message;
}
