using RocketOps.Kubernetes.Models;

namespace RocketOps.Kubernetes.Tests.Models;

public sealed class QuantityTests
{
    [Theory]
    [InlineData("1Gi", 1073741824)]
    [InlineData("1024Mi", 1073741824)]
    [InlineData("1k", 1000)]
    [InlineData("1e3", 1000)]
    [InlineData("1E3", 1000)]
    [InlineData("1E", 1e18)]
    [InlineData("500m", 0.5)]
    [InlineData("0.5", 0.5)]
    [InlineData("-2", -2)]
    [InlineData("+.5", 0.5)]
    [InlineData("100n", 0.0000001)]
    public void Parse_Valid_HasItsValue(string text, double value)
    {
        Quantity.Parse(text).Value.Should().Be((decimal)value);
        Quantity.Parse(text).ToString().Should().Be(text);
    }

    [Theory]
    [InlineData("")]
    [InlineData("1K")]
    [InlineData("Gi")]
    [InlineData("1 Gi")]
    [InlineData("1GiB")]
    [InlineData("1e999")]
    [InlineData("0x10")]
    [InlineData("--1")]
    [InlineData("1.2.3")]
    [InlineData("99999999999999999999999999999Ei")]
    [InlineData(null)]
    public void TryParse_Invalid_IsFalse(string? text) => Quantity.TryParse(text, out _).Should().BeFalse();

    [Fact]
    public void Comparison_IsByValue()
    {
        (Quantity.Parse("1024Mi") == Quantity.Parse("1Gi")).Should().BeTrue();
        (Quantity.Parse("2Gi") > Quantity.Parse("1.5Gi")).Should().BeTrue();
        (Quantity.Parse("500m") <= Quantity.Parse("0.5")).Should().BeTrue();
    }
}
