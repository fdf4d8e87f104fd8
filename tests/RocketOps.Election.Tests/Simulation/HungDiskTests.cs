using Xunit.Abstractions;

namespace RocketOps.Election.Tests.Simulation;

/// <summary>Disks hang, one at a time, and nothing else is wrong: what that costs, in the time of the schedule.</summary>
public sealed class HungDiskTests(ITestOutputHelper output)
{
    /// <summary>A master is killed, and who would lead instead waits for its disk in the middle of it.</summary>
    internal static readonly TimeSpan LongestFailover = TimeSpan.FromSeconds(18);

    private const int Schedules = 20;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void HungDisk_OfAMaster_IsReplacedInTheTimeOfALeaseAndALittleMore(bool flushesBeforeAnswer)
    {
        // Half a second until a message comes, six that the disk does nothing, and a second and a half, or a half more where no watch shows it, to look and to ask; then the epoch begins, and who follows comes.
        (int masters, int hangs, int cuts) = Run(SimHungDisks.OfMasters, flushesBeforeAnswer, TimeSpan.FromSeconds(9.5));

        hangs.Should().BeGreaterThan(2 * Schedules);
        masters.Should().BeGreaterThan(2 * Schedules, "else none was replaced");
        cuts.Should().BePositive("what was done when another one led already was acknowledged by nobody");
    }

    [Fact]
    public void HungDisk_OfACandidate_IsReplacedAsAMasterIs()
    {
        (int masters, int hangs, _) = Run(SimHungDisks.OfCandidates, flushesBeforeAnswer: false, LongestFailover);

        hangs.Should().BeGreaterThan(Schedules);
        masters.Should().BeGreaterThan(2 * Schedules);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void HungDisk_OfAFollower_IsWaitedForAsLongAsACopyMayBeLate(bool flushesBeforeAnswer)
    {
        (int masters, int hangs, _) = Run(SimHungDisks.OfFollowers, flushesBeforeAnswer, TimeSpan.FromSeconds(6));

        hangs.Should().BeGreaterThan(2 * Schedules);
        masters.Should().Be(Schedules, "whoever was elected first leads on");
    }

    private (int Masters, int Hangs, int Cuts) Run(SimHungDisks whose, bool flushesBeforeAnswer, TimeSpan longestPause)
    {
        SimChecker[] all = [.. Enumerable.Range(1, Schedules).Select(seed => SimGroup.Run(seed, SimOptions.ForHungDisks(whose, flushesBeforeAnswer) with { LongestPause = longestPause }))];
        TimeSpan longest = all.Max(static one => one.LongestPause);
        int masters = all.Sum(static one => one.Failovers);
        int cuts = all.Sum(static one => one.Cuts);
        int hangs = all.Sum(static one => one.Hangs);
        output.WriteLine($"{Schedules} schedules: {hangs} disks hung, {masters} masters, {cuts} cuts, longest pause {longest.TotalSeconds:F1} s");
        return (masters, hangs, cuts);
    }
}
