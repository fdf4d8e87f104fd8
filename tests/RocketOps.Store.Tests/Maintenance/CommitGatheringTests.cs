using RocketOps.Store.Maintenance;

namespace RocketOps.Store.Tests.Maintenance;

public sealed class CommitGatheringTests
{
    private static readonly TimeSpan FlushTime = TimeSpan.FromMicroseconds(240);

    [Fact]
    public void A_lone_sender_is_never_held_back()
    {
        CommitGathering gathering = new();
        Assert.Equal(0, gathering.PauseFor(waiting: 1));
        gathering.OnFlushed(answered: 1, FlushTime);
        Assert.Equal(0, gathering.PauseFor(waiting: 1));
    }

    [Fact]
    public void The_first_of_many_waits_half_a_flush_for_the_others()
    {
        CommitGathering gathering = new();
        gathering.OnFlushed(answered: 256, FlushTime);
        Assert.Equal(120, gathering.PauseFor(waiting: 3));
    }

    [Fact]
    public void Nobody_waits_for_company_that_is_there()
    {
        CommitGathering gathering = new();
        gathering.OnFlushed(answered: 3, FlushTime);
        Assert.Equal(0, gathering.PauseFor(waiting: 3));
    }

    [Fact]
    public void A_slow_disk_makes_the_pause_no_longer_than_a_fifth_of_a_millisecond()
    {
        CommitGathering gathering = new();
        gathering.OnFlushed(answered: 10, TimeSpan.FromSeconds(5));
        Assert.Equal(200, gathering.PauseFor(waiting: 1));
    }

    [Fact]
    public void A_flush_that_nobody_waits_for_is_not_held_back()
    {
        CommitGathering gathering = new();
        gathering.OnFlushed(answered: 10, FlushTime);
        Assert.Equal(0, gathering.PauseFor(waiting: 0));
    }
}
