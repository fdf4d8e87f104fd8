using RocketOps.Broker.Configuration;

namespace RocketOps.Broker.Tests.Configuration;

public sealed class DelayLevelsTests
{
    [Fact]
    public void TryParse_Default_HasEighteenLevels()
    {
        DelayLevels.TryParse(DelayLevels.DefaultText, out DelayLevels? levels).Should().BeTrue();

        levels!.MaxLevel.Should().Be(18);
        levels.DelayOf(1).Should().Be(TimeSpan.FromSeconds(1));
        levels.DelayOf(5).Should().Be(TimeSpan.FromMinutes(1));
        levels.DelayOf(18).Should().Be(TimeSpan.FromHours(2));
        levels.Clamp(40).Should().Be(18);
    }

    [Theory]
    [InlineData("")]
    [InlineData("1")]
    [InlineData("s")]
    [InlineData("1x")]
    [InlineData("1s -2s")]
    [InlineData("1s 2 s")]
    public void TryParse_Nonsense_IsRefused(string text) => DelayLevels.TryParse(text, out _).Should().BeFalse();
}
