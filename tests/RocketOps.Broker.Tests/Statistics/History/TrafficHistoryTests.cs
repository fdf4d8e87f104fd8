using RocketOps.Broker.Statistics.History;

namespace RocketOps.Broker.Tests.Statistics.History;

/// <summary>The windows of a statistic, as admin.md §3 describes RocketMQ's.</summary>
public sealed class TrafficHistoryTests
{
    private readonly TrafficHistory _history = new();
    private long _now;

    [Fact]
    public void Sample_First_WindowIsOnePeriodLongAndBeginsWithNothing()
    {
        _history.Sample(new Traffic(100, 5000, 4), _now = 1_000_000, SamplesDue.Day);

        _history.Minute(TrafficUnit.Messages).Should().Be(new TrafficWindow(100, 10, 25));
        _history.Hour(TrafficUnit.Messages).Should().Be(new TrafficWindow(100, 100 / 600.0, 25));
        _history.Day(TrafficUnit.Bytes).Should().Be(new TrafficWindow(5000, 5000 / 3600.0, 1250));
    }

    [Fact]
    public void Sample_NothingCounted_NothingKept()
    {
        Sample(default, SamplesDue.Day, times: 1000);

        _history.Day(TrafficUnit.Messages).Should().Be(default(TrafficWindow));
    }

    [Theory]
    [InlineData(1, 10, 1)]
    [InlineData(2, 20, 1)]
    [InlineData(6, 60, 1)]
    [InlineData(7, 60, 1)]
    [InlineData(50, 60, 1)]
    public void Minute_TenMessagesEachTick_IsTheLastSixTicks(int ticks, long sum, double tps)
    {
        for (int tick = 1; tick <= ticks; tick++)
        {
            Sample(new Traffic(10 * tick, 0, tick), SamplesDue.Minute);
        }

        _history.Minute(TrafficUnit.Messages).Should().Be(new TrafficWindow(sum, tps, 10));
        _history.Hour(TrafficUnit.Messages).Should().Be(default(TrafficWindow), "no such sample was due");
    }

    [Fact]
    public void Minute_TrafficEnds_GoesDownToNothing()
    {
        Sample(new Traffic(60, 0, 60), SamplesDue.Minute);
        Sample(new Traffic(60, 0, 60), SamplesDue.Minute, times: 5);
        _history.Minute(TrafficUnit.Messages).Should().Be(new TrafficWindow(60, 1, 1));

        Sample(new Traffic(60, 0, 60), SamplesDue.Minute);

        _history.Minute(TrafficUnit.Messages).Should().Be(default(TrafficWindow));
    }

    [Fact]
    public void Day_CounterStandsStillForADay_IsForgottenAndBeginsAnewFromThere()
    {
        Sample(new Traffic(7, 0, 7), SamplesDue.Day);
        Sample(new Traffic(7, 0, 7), SamplesDue.Day, times: 23);
        _history.Day(TrafficUnit.Messages).Sum.Should().Be(7);

        Sample(new Traffic(7, 0, 7), SamplesDue.Day, times: 2);
        _history.Day(TrafficUnit.Messages).Should().Be(default(TrafficWindow));

        Sample(new Traffic(9, 0, 8), SamplesDue.Day);
        _history.Day(TrafficUnit.Messages).Sum.Should().Be(2, "what was counted before the silence is not of the last day");
    }

    private void Sample(Traffic traffic, SamplesDue due, int times = 1)
    {
        for (int i = 0; i < times; i++)
        {
            _history.Sample(traffic, _now += 10_000, due);
        }
    }
}
