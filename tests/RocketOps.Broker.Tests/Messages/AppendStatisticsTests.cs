using RocketOps.Broker.Messages;
using RocketOps.Testing.Time;

namespace RocketOps.Broker.Tests.Messages;

public sealed class AppendStatisticsTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly AppendStatistics _statistics;

    public AppendStatisticsTests() => _statistics = new AppendStatistics(_time);

    [Fact]
    public void Distribution_WithoutPuts_HasAllThirteenBucketsEmpty()
    {
        _statistics.Distribution().Should().Be(
            "[<=0ms]:0 [0~10ms]:0 [10~50ms]:0 [50~100ms]:0 [100~200ms]:0 [200~500ms]:0 [500ms~1s]:0 [1~2s]:0 [2~3s]:0 [3~4s]:0 [4~5s]:0 [5~10s]:0 [10s~]:0 ");
        _statistics.Percentile(0.99).Should().Be("0.00");
        _statistics.MaxMs.Should().Be(0);
    }

    [Theory]
    [InlineData(0.2, "[<=0ms]:3 ")]
    [InlineData(1.01, "[0~10ms]:3 ")]
    [InlineData(9.99, "[0~10ms]:3 ")]
    [InlineData(30, "[10~50ms]:3 ")]
    [InlineData(700, "[500ms~1s]:3 ")]
    [InlineData(4500, "[4~5s]:3 ")]
    [InlineData(100_000, "[10s~]:3 ")]
    [InlineData(100_000_000, "[10s~]:3 ")]
    public void Add_OneBatch_CountsItsMessagesInTheBucketOfItsTime(double milliseconds, string expected)
    {
        Put(milliseconds, 3);

        _statistics.Distribution().Should().Contain(expected);
        _statistics.Distribution().Split(' ').Count(static bucket => bucket.EndsWith(":0", StringComparison.Ordinal)).Should().Be(12);
        _statistics.MaxMs.Should().Be((long)milliseconds);
    }

    [Fact]
    public void Percentile_OfAThousand_IsAtMostAnEighthTooHigh()
    {
        for (int i = 1; i <= 1000; i++)
        {
            Put(i / 10.0, 1);
        }

        double.Parse(_statistics.Percentile(0.99), System.Globalization.CultureInfo.InvariantCulture).Should().BeInRange(99, 99 * 1.125);
        double.Parse(_statistics.Percentile(0.999), System.Globalization.CultureInfo.InvariantCulture).Should().BeInRange(99.9, 99.9 * 1.125);
    }

    [Fact]
    public void Turn_AfterAMinute_KeepsTheLastOneAndForgetsTheOneBefore()
    {
        Put(20, 5);
        _time.Advance(TimeSpan.FromMinutes(1));
        _statistics.Turn();
        _statistics.Distribution().Should().Contain("[10~50ms]:5 ");

        _statistics.Turn();
        _statistics.Distribution().Should().Contain("[10~50ms]:5 ", "a minute has not passed again");

        _time.Advance(TimeSpan.FromMinutes(1));
        _statistics.Turn();
        _statistics.Distribution().Should().Contain("[10~50ms]:0 ");
        _statistics.MaxMs.Should().Be(20, "the longest time is of the whole life");
    }

    [Fact]
    public void AddFailure_Twice_CountsTwo()
    {
        _statistics.AddFailure();
        _statistics.AddFailure();

        _statistics.Failed.Should().Be(2);
    }

    private void Put(double milliseconds, int messages)
    {
        long startedAt = _time.GetTimestamp();
        _time.Advance(TimeSpan.FromMilliseconds(milliseconds));
        _statistics.Add(startedAt, messages);
    }
}
