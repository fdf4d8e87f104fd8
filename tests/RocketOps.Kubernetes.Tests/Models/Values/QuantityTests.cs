using System.Numerics;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Kubernetes.Tests.Models.Values;

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
    [InlineData("2.", 2)]
    [InlineData("1e-3", 0.001)]
    [InlineData("1E+3", 1000)]
    [InlineData("12e0001", 120)]
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
    [InlineData(".")]
    [InlineData("-")]
    [InlineData("1e")]
    [InlineData("1e+")]
    [InlineData("1E3Ki")]
    [InlineData("1e+-3")]
    [InlineData("1e00001")]
    [InlineData("1ei")]
    [InlineData("1gi")]
    [InlineData("1\n")]
    [InlineData("\u0661")]
    [InlineData("99999999999999999999999999999Ei")]
    [InlineData(null)]
    public void TryParse_Invalid_IsFalse(string? text) => Quantity.TryParse(text, out _).Should().BeFalse();

    [Theory]
    [InlineData("0.5", "500m")]
    [InlineData("1024Mi", "1Gi")]
    [InlineData("1000m", "1")]
    [InlineData("1.5Gi", "1536Mi")]
    [InlineData("1000", "1k")]
    [InlineData("1e3", "1e3")]
    [InlineData("0", "0")]
    [InlineData("-0.1", "-100m")]
    [InlineData("20Gi", "20Gi")]
    [InlineData("1Ei", "1Ei")]
    [InlineData("100M", "100M")]
    public void TryCanonical_Quantity_IsTheRealServersForm(string given, string expected)
    {
        Quantity.TryCanonical(given, out string canonical).Should().BeTrue();
        canonical.Should().Be(expected);
    }

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("1 Gi")]
    [InlineData("1e99999")]
    public void TryCanonical_NoQuantity_IsFalse(string given) => Quantity.TryCanonical(given, out _).Should().BeFalse();

    [Theory]
    [InlineData("1", 1_000_000_000)]
    [InlineData("1Ki", 1_024_000_000_000)]
    [InlineData("-0.5", -500_000_000)]
    [InlineData("1.5e1", 15_000_000_000)]
    [InlineData("0.0000000001", 1)]
    [InlineData("-0.0000000001", -1)]
    public void TryNanos_Quantity_IsRoundedAwayFromZero(string given, long expected)
    {
        Quantity.TryNanos(given, out BigInteger nanos).Should().BeTrue();
        nanos.Should().Be(new BigInteger(expected));
    }

    [Fact]
    public void Comparison_IsByValue()
    {
        (Quantity.Parse("1024Mi") == Quantity.Parse("1Gi")).Should().BeTrue();
        (Quantity.Parse("2Gi") > Quantity.Parse("1.5Gi")).Should().BeTrue();
        (Quantity.Parse("500m") <= Quantity.Parse("0.5")).Should().BeTrue();
    }
}
