using System.Diagnostics;
using System.Globalization;
using RocketOps.Testing.Rings;
using Xunit.Abstractions;

namespace RocketOps.Election.Tests.Simulation;

/// <summary>
/// Schedules of faults, each from its seed. <c>ROCKETOPS_SCHEDULES=100000</c> runs so many, <c>ROCKETOPS_SEED=17</c> runs that one.
/// </summary>
public sealed class SimulationTests(ITestOutputHelper output)
{
    /// <summary>Some of every kind of fault with every run of the tests; what comes once in thousands is looked for where the deep ring is asked for.</summary>
    private static readonly int Schedules = Depth.Of(500, deep: 2000);

    private static readonly int OldDisks = Depth.Of(2000, deep: 8000);

    [Fact]
    public void Schedules_OfAnyFaults_LoseNothingAndHeal()
    {
        int first = Read("ROCKETOPS_SEED") ?? 1;
        int count = Read("ROCKETOPS_SEED") is null ? Read("ROCKETOPS_SCHEDULES") ?? Schedules : 1;
        SimTotals totals = new();

        Stopwatch watch = Stopwatch.StartNew();
        Parallel.For(first, first + count, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, seed => totals.Add(SimGroup.Run(seed, SimOptions.ForAll(seed))));
        if (count >= Schedules)
        {
            totals.Cuts.Should().BePositive("else nothing went wrong");
            totals.HandedOver.Should().BePositive();
            totals.GivenWay.Should().BePositive("else no master was cut off from its copies");
            totals.HeldUp.Should().BePositive("else no disk hung in the middle of a candidacy");
            totals.Failovers.Should().BeGreaterThan(count);
        }

        output.WriteLine($"{count} schedules in {watch.Elapsed.TotalSeconds:F1} s: {totals}");
    }

    /// <summary>
    /// As above, and now and then a member is killed and started again with an older copy of its disk, which says that it is the same as
    /// ever.
    /// </summary>
    [Fact]
    public void Schedules_OfDisksThatGoBackInTime_LoseNothingAndHeal()
    {
        int first = Read("ROCKETOPS_SEED") ?? 1;
        int count = Read("ROCKETOPS_SEED") is null ? Read("ROCKETOPS_SCHEDULES") ?? OldDisks : 1;
        SimTotals totals = new();

        Stopwatch watch = Stopwatch.StartNew();
        Parallel.For(first, first + count, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, seed => totals.Add(SimGroup.Run(seed, SimOptions.ForOldDisks(seed))));
        if (count >= OldDisks)
        {
            totals.GoneBack.Should().BeGreaterThan(count, "else disks hardly ever go back");
            totals.Failovers.Should().BeGreaterThan(count);
        }

        output.WriteLine($"{count} schedules in {watch.Elapsed.TotalSeconds:F1} s: {totals}");
    }

    /// <summary>As above, while members are added and taken out.</summary>
    [Fact]
    public void Schedules_OfAnyFaultsWhileMembersComeAndGo_LoseNothingAndHeal()
    {
        int first = Read("ROCKETOPS_SEED") ?? 1;
        int count = Read("ROCKETOPS_SEED") is null ? (Read("ROCKETOPS_SCHEDULES") ?? Schedules) / 10 : 1;
        SimTotals totals = new();

        Stopwatch watch = Stopwatch.StartNew();
        Parallel.For(first, first + count, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, seed => totals.Add(SimGroup.Run(seed, SimOptions.ForChanges(seed))));
        if (count >= Schedules / 10)
        {
            totals.Changes.Should().BeGreaterThan(count, "else members hardly ever change");
        }

        output.WriteLine($"{count} schedules in {watch.Elapsed.TotalSeconds:F1} s: {totals}");
    }

    private static int? Read(string name) => int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : null;
}
