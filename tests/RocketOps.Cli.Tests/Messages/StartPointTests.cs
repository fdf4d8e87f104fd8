using RocketOps.Cli.Messages;
using RocketOps.Testing.Time;

namespace RocketOps.Cli.Tests.Messages;

/// <summary>Places in a queue, as a user writes them.</summary>
public sealed class StartPointTests
{
    private readonly FakeTimeProvider _time = new();

    [Theory]
    [InlineData("17")]
    [InlineData("-3")]
    [InlineData("1.5h")]
    [InlineData("18:00")]
    [InlineData("18:00:30.5")]
    [InlineData("2026-11-20")]
    [InlineData("2026-11-20T18:00")]
    [InlineData("2026-11-20T18:00:00.123+01:00")]
    [InlineData("2026-11-20 18:00Z")]
    public void Parse_OffsetTimeOrAge_IsTaken(string text) => StartPoint.Parse(text, _time).Should().NotBeNull();

    [Theory]
    [InlineData("1,5h")]
    [InlineData("-Infinitys")]
    [InlineData("Infinityd")]
    [InlineData("NaNs")]
    [InlineData("-5m")]
    [InlineData("1e3s")]
    [InlineData(" 5m")]
    [InlineData("1.5")]
    [InlineData("1/5")]
    [InlineData("20.11.2026")]
    [InlineData("+5")]
    [InlineData(" 17")]
    [InlineData("0x11")]
    [InlineData("99999999999999999999")]
    [InlineData("99999999999d")]
    public void Parse_AnythingElse_IsNone(string text) => StartPoint.Parse(text, _time).Should().BeNull();
}
