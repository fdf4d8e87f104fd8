using RocketOps.Election.Members;

namespace RocketOps.Election.Tests.Simulation;

/// <summary>The lease store is away, and nothing else is wrong: what that costs, in the time of the schedule.</summary>
public sealed class OutageTests
{
    private const int Schedules = 20;

    [Fact]
    public void Outage_OfMinutes_CostsASyncGroupNothing()
    {
        for (int seed = 1; seed <= Schedules; seed++)
        {
            SimChecker checker = SimGroup.Run(seed, SimOptions.ForOutages(ReplicationMode.Sync, TimeSpan.FromMinutes(3)));

            checker.Failovers.Should().Be(1, $"seed {seed}: whoever was elected first leads on");
            checker.LongestPause.Should().BeLessThan(TimeSpan.FromSeconds(2), $"seed {seed}: messages are acknowledged all the time");
        }
    }

    [Fact]
    public void Outage_OfMinutes_CostsAnAsyncGroupNothingWhereItServes()
    {
        for (int seed = 1; seed <= Schedules; seed++)
        {
            SimChecker checker = SimGroup.Run(seed, SimOptions.ForOutages(ReplicationMode.Async, TimeSpan.FromMinutes(3)) with { ServesWithoutLease = true });

            checker.Failovers.Should().Be(1, $"seed {seed}: whoever was elected first leads on");
            checker.LongestPause.Should().BeLessThan(TimeSpan.FromSeconds(2), $"seed {seed}: messages are acknowledged all the time");
        }
    }

    [Fact]
    public void Outage_WhereAnAsyncGroupRefuses_ChangesNoMaster()
    {
        TimeSpan longest = TimeSpan.Zero;
        for (int seed = 1; seed <= Schedules; seed++)
        {
            SimChecker checker = SimGroup.Run(seed, SimOptions.ForOutages(ReplicationMode.Async, TimeSpan.FromMinutes(3)));

            checker.Failovers.Should().Be(1, $"seed {seed}: a holder whose lease nobody took goes on in its epoch");
            longest = checker.LongestPause > longest ? checker.LongestPause : longest;
        }

        longest.Should().BeGreaterThan(TimeSpan.FromMinutes(1), "without the lease nothing is acknowledged");
    }
}
