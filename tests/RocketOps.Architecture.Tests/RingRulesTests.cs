using RocketOps.Testing.Rings;

namespace RocketOps.Architecture.Tests;

/// <summary>A test whose kit is missing is skipped only where nobody relies on it.</summary>
public sealed class RingRulesTests
{
    private const string Missing = "/shared/rocketmq is missing";

    [Theory]
    [InlineData(null, null)]
    [InlineData("interop", "true")]
    [InlineData("", "true")]
    public void WhySkip_KitIsThere_Runs(string? rings, string? ci) => new RingRules(rings, ci).WhySkip("interop", null).Should().BeNull();

    [Theory]
    [InlineData(null, null)]
    [InlineData("", "")]
    [InlineData("faults", "false")]
    [InlineData("interop-not", null)]
    public void WhySkip_NotAskedFor_SkipsAndSaysWhy(string? rings, string? ci) => new RingRules(rings, ci).WhySkip("interop", Missing).Should().Be(Missing);

    [Theory]
    [InlineData("interop", null)]
    [InlineData("faults, interop", "false")]
    [InlineData(null, "true")]
    [InlineData("faults", "True")]
    public void WhySkip_AskedForOrOnCi_Fails(string? rings, string? ci)
    {
        Action ask = () => new RingRules(rings, ci).WhySkip("interop", Missing);

        ask.Should().Throw<KitMissingException>().WithMessage($"*{Missing}");
    }

    [Fact]
    public void WhySkip_TestOfNoRing_FailsOnCiAlone()
    {
        Action onCi = () => new RingRules("interop,faults,cluster", "true").WhySkip(null, Missing);

        onCi.Should().Throw<KitMissingException>();
        new RingRules("interop,faults,cluster", null).WhySkip(null, Missing).Should().Be(Missing);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("true")]
    public void WhySkipGuest_RingNotAskedFor_IsLeftToItsOwnStep(string? ci) =>
        new RingRules("interop", ci).WhySkipGuest("cluster", Missing).Should().StartWith("ring cluster: not run", "this is how .ci/run knows that the test comes later");

    [Fact]
    public void WhySkipGuest_RingAskedFor_RunsOrFails()
    {
        RingRules rules = new("cluster", null);
        Action ask = () => rules.WhySkipGuest("cluster", Missing);

        rules.WhySkipGuest("cluster", null).Should().BeNull();
        ask.Should().Throw<KitMissingException>();
    }
}
