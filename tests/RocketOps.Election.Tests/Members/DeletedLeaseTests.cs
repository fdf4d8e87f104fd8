using NSubstitute;
using RocketOps.Election.Leases;
using RocketOps.Election.Members;

namespace RocketOps.Election.Tests.Members;

/// <summary>A master whose lease is deleted founds it anew, unless it stops itself; and what its store refuses it asks for again, later.</summary>
public sealed class DeletedLeaseTests : MemberTest
{
    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void Deleted_WhileItHandsOver_IsFoundedUnlessItStops(bool leaves, bool isFounded)
    {
        GroupMember master = Master(new GroupRules());
        master.HandOverTo("b", leaves).Should().BeTrue();
        long before = Written();

        Delete(master);

        (Written() > before).Should().Be(isFounded);
        (master.HeldEpoch is null).Should().Be(leaves);
    }

    /// <summary>A write that nobody answered may come true at any time, and then there is its epoch; one that was refused never does.</summary>
    [Theory]
    [InlineData(true, 6)]
    [InlineData(false, 7)]
    public void Deleted_FoundingIsRefused_IsTriedLaterInTheSameEpoch(bool isRefused, long epoch)
    {
        GroupMember master = Master(new GroupRules());
        Delete(master);
        LastWritten().Epoch.Should().Be(6);
        long first = Written();
        if (isRefused)
        {
            master.OnLeaseRefused(first);
            Delete(master);
            Written().Should().Be(first, "it was refused a moment ago");
        }
        else
        {
            master.OnLeaseFailed(first);
        }

        _time.Advance(TimeSpan.FromSeconds(0.5));
        Delete(master);

        Written().Should().BeGreaterThan(first);
        LastWritten().Epoch.Should().Be(epoch);
        master.Describe().Promised.Should().Be(epoch);
    }

    [Fact]
    public void Refused_AgainAndAgain_IsAskedForLessAndLess()
    {
        GroupMember master = Master(new GroupRules());
        List<int> asked = [];
        long last = Written();
        for (int tick = 0; tick < TimeSpan.FromMinutes(1) / Look; tick++)
        {
            _time.Advance(Look);
            master.OnAcknowledged(Follower, epoch: 5, offset: 100);
            master.Tick();
            if (Written() > last)
            {
                last = Written();
                asked.Add(tick);
                master.OnLeaseRefused(last);
            }
        }

        asked.Should().HaveCountLessThan(20);
        asked.Zip(asked.Skip(1), static (one, next) => next - one).Should().BeInAscendingOrder("until it is as long as a lease");
        master.HeldEpoch.Should().Be(5, "its follower follows");
    }

    private void Delete(GroupMember master)
    {
        master.OnLeaseWatched(lease: null);
        master.OnLeaseRead(Requests(nameof(IMemberHost.ReadLease)), lease: null);
    }

    private LeaseRecord LastWritten() => _host.ReceivedCalls().Where(static call => call.GetMethodInfo().Name == nameof(IMemberHost.WriteLease)).Select(static call => (LeaseRecord)call.GetArguments()[1]!).Last();
}
