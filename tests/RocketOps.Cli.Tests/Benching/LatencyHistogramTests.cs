using RocketOps.Cli.Benching;

namespace RocketOps.Cli.Tests.Benching;

/// <summary>Percentiles against a sorted list.</summary>
public sealed class LatencyHistogramTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(1_000)]
    [InlineData(1_000_000)]
    [InlineData(3_600_000_000)]
    public void Percentile_OfOneValue_IsThatValue(long micros)
    {
        LatencyHistogram histogram = new();

        histogram.Add(TimeSpan.FromMicroseconds(micros));

        histogram.Percentile(0.5).Should().Be(TimeSpan.FromMicroseconds(micros));
        histogram.Max.Should().Be(TimeSpan.FromMicroseconds(micros));
    }

    [Fact]
    public void Percentile_OfMany_IsWithinTwoPercentOfTheSortedOne()
    {
        Random random = new(17);
        LatencyHistogram histogram = new();
        List<long> values = [];
        for (int i = 0; i < 10_000; i++)
        {
            long micros = (long)Math.Exp(random.NextDouble() * 20);
            values.Add(micros);
            histogram.Add(TimeSpan.FromMicroseconds(micros));
        }

        values.Sort();
        foreach (double share in (double[])[0.01, 0.5, 0.9, 0.99, 0.999, 1])
        {
            double expected = values[(int)Math.Ceiling(share * values.Count) - 1];
            histogram.Percentile(share).TotalMicroseconds.Should().BeInRange(expected, (expected * 1.02) + 1);
        }
    }

    [Fact]
    public void TakeOut_BeginsAtNothing()
    {
        LatencyHistogram histogram = new();
        histogram.Add(TimeSpan.FromSeconds(1));

        histogram.TakeOut().Count.Should().Be(1);

        histogram.Count.Should().Be(0);
        histogram.Max.Should().Be(TimeSpan.Zero);
        histogram.Percentile(0.99).Should().Be(TimeSpan.Zero);
    }
}
