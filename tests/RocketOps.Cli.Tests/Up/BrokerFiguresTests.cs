using RocketOps.Cli.Up;

namespace RocketOps.Cli.Tests.Up;

public sealed class BrokerFiguresTests
{
    [Theory]
    [InlineData("12.5 3.0 1.0", "0.25", 12.5, 0.25)]
    [InlineData("", "-1.0", 0, null)]
    [InlineData("many", "full", 0, null)]
    [InlineData("NaN 1 1", "NaN", 0, null)]
    public void Of_RuntimeInfo_ReadsWhatIsANumber(string rate, string disk, double perSecond, double? used) =>
        BrokerFigures.Of(new Dictionary<string, string> { ["putTps"] = rate, ["getTransferredTps"] = rate, ["commitLogDiskRatio"] = disk })
            .Should().Be(new BrokerFigures(perSecond, perSecond, used));
}
