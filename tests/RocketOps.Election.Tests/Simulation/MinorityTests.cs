using Xunit.Abstractions;

namespace RocketOps.Election.Tests.Simulation;

/// <summary>A master cannot go on and two other copies can: it is replaced, in the time of the schedule.</summary>
public sealed class MinorityTests(ITestOutputHelper output)
{
    /// <summary>A lease's time without a word, the questions, and the beginning of the next epoch.</summary>
    internal static readonly TimeSpan LongestCut = TimeSpan.FromSeconds(12);

    private const int Schedules = 20;

    [Fact]
    public void Master_CutOffFromItsCopies_GivesWayToOneOfThem()
    {
        SimChecker[] all = Run(SimOptions.ForMinorities(copiesCut: 1, fullDisk: 0) with { LongestPause = LongestCut });

        all.Sum(static one => one.GivenWay).Should().BeGreaterThan(5 * Schedules);
    }

    [Fact]
    public void Master_WithAFullDisk_HandsOverToACopyThatHasRoom()
    {
        SimChecker[] all = Run(SimOptions.ForMinorities(copiesCut: 0, fullDisk: 1) with { LongestPause = TimeSpan.FromSeconds(5.5) });

        all.Sum(static one => one.HandedOver).Should().BeGreaterThan(5 * Schedules);
        all.Sum(static one => one.Cuts).Should().Be(0, "the successor has everything that was taken");
    }

    private SimChecker[] Run(SimOptions options)
    {
        SimChecker[] all = [.. Enumerable.Range(1, Schedules).Select(seed => SimGroup.Run(seed, options))];
        TimeSpan longest = all.Max(static one => one.LongestPause);
        output.WriteLine(
            $"{Schedules} schedules: {all.Sum(static one => one.Failovers)} masters, {all.Sum(static one => one.HandedOver)} hand-overs, {all.Sum(static one => one.GivenWay)} by masters that were cut off, longest pause {longest.TotalSeconds:F1} s");
        return all;
    }
}
