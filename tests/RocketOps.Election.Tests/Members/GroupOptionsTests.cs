using RocketOps.Election.Leases;
using RocketOps.Election.Members;

namespace RocketOps.Election.Tests.Members;

public sealed class GroupOptionsTests
{
    private static readonly GroupOptions Options = new() { Member = "a", Members = ["a", "b", "c"], MinInSync = 2 };

    [Fact]
    public void FindFaults_OfUsualOptions_AreNone()
    {
        Options.FindFaults().Should().BeEmpty();
    }

    [Fact]
    public void FindFaults_SaysAllAtOnce()
    {
        GroupOptions wrong = Options with { Member = "d", Members = ["a", "a", ""], MinInSync = 4, Lease = new LeaseTimings { Renew = TimeSpan.FromSeconds(4) } };

        wrong.FindFaults().Should().HaveCount(6);
    }

    /// <summary>An idle follower says once a renewal that it has everything.</summary>
    [Theory]
    [InlineData(3000, true)]
    [InlineData(2999, false)]
    public void FindFaults_OfAFollowerThatIsLateBeforeItHasSpoken_IsOne(int maxLagMs, bool holds)
    {
        GroupOptions options = Options with { MaxLag = TimeSpan.FromMilliseconds(maxLagMs), Lease = new LeaseTimings { Renew = TimeSpan.FromSeconds(1) } };

        options.FindFaults().Should().HaveCount(holds ? 0 : 1);
    }

    [Theory]
    [InlineData(6000, 1000, 1000, true)]
    [InlineData(4000, 1000, 1000, true)]
    [InlineData(3900, 1000, 1000, false)]
    [InlineData(6000, 0, 1000, false)]
    [InlineData(6000, 1000, 0, false)]
    [InlineData(60_000, 1000, 1000, false)]
    public void LeaseTimings_MustHold(int durationMs, int renewMs, int marginMs, bool holds)
    {
        LeaseTimings timings = new() { Duration = TimeSpan.FromMilliseconds(durationMs), Renew = TimeSpan.FromMilliseconds(renewMs), Margin = TimeSpan.FromMilliseconds(marginMs) };

        (timings.FindFault() is null).Should().Be(holds);
    }
}
