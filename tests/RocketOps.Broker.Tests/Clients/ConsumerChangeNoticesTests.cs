using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Broker.Clients;
using RocketOps.Testing.Time;

namespace RocketOps.Broker.Tests.Clients;

public sealed class ConsumerChangeNoticesTests
{
    // Told once, it uses up what may be sent in a second.
    private const int Huge = ConsumerChangeNotices.FramesPerSecond;

    private readonly FakeTimeProvider _time = new();
    private readonly List<(OnlineGroup Group, int Members)> _told = [];
    private readonly OnlineGroup _group = new("g", NullLogger.Instance);
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

    [Theory]
    [InlineData(3)]
    [InlineData(ConsumerChangeNotices.SmallGroup)]
    [InlineData(100)]
    public void Changed_MembersJoinAtOneMoment_AreToldOfEachOtherAtOnce(int members)
    {
        for (int i = 0; i < members; i++)
        {
            Join();
        }

        _told.Select(static notice => notice.Members).Should().Equal(Enumerable.Range(1, members));
        _time.PendingTimers.Should().Be(0);
    }

    [Fact]
    public void Changed_SmallGroupsWithoutEnd_NeverWait()
    {
        Use(Huge);
        Use(Huge);
        OnlineGroup small = new("small", NullLogger.Instance);

        for (int i = 0; i < 1_000; i++)
        {
            _notices.Changed(small, ConsumerChangeNotices.SmallGroup);
        }

        _told.Count(notice => notice.Group == small).Should().Be(1_000);
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

        _told.Sum(static notice => notice.Members).Should().BeLessThan(15 * Members, "and not 500 times as many");
        _told[^1].Members.Should().Be(Members, "the last change is told, too");
        _time.PendingTimers.Should().Be(0);
    }

    [Fact]
    public void Changed_LargeGroupThatChangesFast_WaitsForTheBudgetAndIsToldOnceOfAll()
    {
        Use(4_000);
        Use(4_000);
        _told.Should().HaveCount(2, "the budget is a second's");

        Use(4_000);
        Use(4_000);
        _time.Advance(TimeSpan.FromMilliseconds(600));
        _told.Should().HaveCount(2, "3 000 frames are owed");
        _time.Advance(TimeSpan.FromMilliseconds(1));

        _told.Should().HaveCount(3);
        _time.Advance(TimeSpan.FromMinutes(1));
        _told.Should().HaveCount(3);
    }

    [Fact]
    public void Changed_OtherGroup_HasItsFirstNoticeAtOnce()
    {
        Use(Huge);
        Use(Huge);
        OnlineGroup other = new("h", NullLogger.Instance);

        _notices.Changed(other, 500);
        _notices.Changed(other, 500);

        _told.Select(static notice => notice.Group).Should().Equal(_group, other);
        _time.Advance(TimeSpan.FromMinutes(1));
        _told.Select(static notice => notice.Group).Should().Equal(_group, other, _group, other);
    }

    [Fact]
    public void Changed_LargeGroupThatWasQuiet_IsToldAtOnce()
    {
        Use(Huge);
        _time.Advance(ConsumerChangeNotices.Quiet);

        Use(Huge);

        _told.Should().HaveCount(2);
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
        notices.Changed(_group, Huge);
        notices.Changed(_group, Huge);
        told.Should().Be(1);
        fails = true;
        _time.Advance(TimeSpan.FromMilliseconds(500));
        told.Should().Be(2);
        fails = false;
        notices.Changed(_group, Huge);

        _time.Advance(TimeSpan.FromMinutes(1));

        told.Should().Be(3);
    }

    [Fact]
    public async Task Dispose_ChangesArePending_NothingRunsAnyMore()
    {
        Use(Huge);
        Use(Huge);

        await _notices.DisposeAsync();
        Join();
        _time.Advance(TimeSpan.FromMinutes(1));

        _told.Should().ContainSingle();
        _time.PendingTimers.Should().Be(0);
    }

    private void Join() => _notices.Changed(_group, ++_members);

    /// <summary>A change of the group, which has so many members.</summary>
    private void Use(int members) => _notices.Changed(_group, members);
}
