using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Broker.Clients;
using RocketOps.Testing.Time;

namespace RocketOps.Broker.Tests.Clients;

public sealed class ConsumerChangeNoticesTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly List<(ConsumerGroup Group, int Members)> _told = [];
    private readonly ConsumerGroup _group = new("g", NullLogger.Instance);
    private readonly ConsumerChangeNotices _notices;
    private int _members;

    public ConsumerChangeNoticesTests()
    {
        _notices = new ConsumerChangeNotices(group => _told.Add((group, _members)), _time, NullLogger.Instance);
    }

    [Fact]
    public void Changed_Alone_IsToldAtOnceAndOnce()
    {
        Join();
        _time.Advance(TimeSpan.FromMinutes(1));

        _told.Should().ContainSingle();
        _time.PendingTimers.Should().Be(0);
    }

    [Fact]
    public void Changed_ThousandMembersJoinWithinASecond_CostAFewFramesEach()
    {
        const int Members = 1_000;
        for (int i = 0; i < Members; i++)
        {
            Join();
            _time.Advance(TimeSpan.FromMilliseconds(1));
        }

        _time.Advance(TimeSpan.FromMinutes(1));

        _told.Sum(static notice => notice.Members).Should().BeLessThan(8 * Members);
        _told[^1].Members.Should().Be(Members, "the last change is told, too");
    }

    [Fact]
    public void Changed_AgainWithinTheInterval_IsToldAtItsEnd()
    {
        Join();
        _time.Advance(TimeSpan.FromMilliseconds(40));
        Join();
        Join();
        _told.Should().HaveCount(1);

        _time.Advance(TimeSpan.FromMilliseconds(60));

        _told.Should().Equal((_group, 1), (_group, 3));
    }

    [Fact]
    public void Changed_OtherGroup_DoesNotWait()
    {
        ConsumerGroup other = new("h", NullLogger.Instance);
        Join();

        _notices.Changed(other);

        _told.Select(static notice => notice.Group).Should().Equal(_group, other);
    }

    [Fact]
    public async Task Changed_TellingFailsOnTheTimer_LaterOnesAreTold()
    {
        bool fails = false;
        int told = 0;
        await using ConsumerChangeNotices notices = new(
            _ =>
            {
                told++;
                if (fails)
                {
                    throw new InvalidOperationException("the test says so");
                }
            },
            _time,
            NullLogger.Instance);
        notices.Changed(_group);
        notices.Changed(_group);
        fails = true;
        _time.Advance(ConsumerChangeNotices.Interval);
        fails = false;
        notices.Changed(_group);

        _time.Advance(ConsumerChangeNotices.Interval);

        told.Should().Be(3);
    }

    [Fact]
    public async Task Dispose_ChangesArePending_NothingRunsAnyMore()
    {
        Join();
        Join();

        await _notices.DisposeAsync();
        Join();
        _time.Advance(TimeSpan.FromMinutes(1));

        _told.Should().ContainSingle();
        _time.PendingTimers.Should().Be(0);
    }

    private void Join()
    {
        _members++;
        _notices.Changed(_group);
    }
}
