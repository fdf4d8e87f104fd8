using System.Globalization;
using System.Runtime.CompilerServices;
using RocketOps.Testing;
using Xunit.Abstractions;

namespace RocketOps.Operator.Tests.Crashes;

/// <summary>
/// Whatever single write an operator ends at, whatever fails once, however old what it sees is, and whoever else led in between: what is there in the end is what an operator makes whom nothing happens to.
/// Without <c>ROCKETOPS_EVERY_WRITE=1</c> a sample of the writes.
/// </summary>
public sealed class CrashTests(CrashServer server, ITestOutputHelper output) : IClassFixture<CrashServer>
{
    /// <summary>Beyond this many writes something writes for ever.</summary>
    private const int MostWrites = 200;

    /// <summary>An operator ends at each write of this distance.</summary>
    private static readonly int Distance = Environment.GetEnvironmentVariable("ROCKETOPS_EVERY_WRITE") == "1" ? 1 : 6;

    /// <summary>All of them, or the one that <c>ROCKETOPS_SCENARIO</c> names: those of one test run together.</summary>
    private static readonly string[] Names = Environment.GetEnvironmentVariable("ROCKETOPS_SCENARIO") is { Length: > 0 } one ? [one] : ["Lifetime", "ConfigRoll", "LiveConfigChange", "Groups", "Members", "Volumes", "Queues", "TopicMoved", "HandOver", "ElectedGroupResized"];

    public static TheoryData<string> Scenarios => [.. Names];

    [Theory]
    [MemberData(nameof(Scenarios))]
    public Task EndsBeforeOrAfterAnyWrite_SameEnd(string scenario) => RunAsync(scenario, async name =>
    {
        (string from, string to) = await CleanAsync(name);
        return string.Join('\n', await Task.WhenAll(AtEachWriteAsync(name, from, to, Fate.DieBefore, 1), AtEachWriteAsync(name, from, to, Fate.DieAfter, 2)));
    });

    [Theory]
    [MemberData(nameof(Scenarios))]
    public Task EachWriteFailsOnce_SameEnd(string scenario) => RunAsync(scenario, async name =>
    {
        (string from, string to) = await CleanAsync(name);
        return string.Join('\n', await Task.WhenAll(new[] { Fate.Conflict, Fate.Throttle, Fate.Error, Fate.LoseAnswer }.Select(fate => OnceAsync(name, from, to, () => new FateOfEachFirst(fate), null, fate.ToString()))));
    });

    [Theory]
    [MemberData(nameof(Scenarios))]
    public Task CachesLagBehind_SameEnd(string scenario) => RunAsync(scenario, async name =>
    {
        (string from, string to) = await CleanAsync(name);
        return await OnceAsync(name, from, to, null, TimeSpan.FromMilliseconds(400), "stale caches");
    });

    /// <summary>The old leader's write arrives when the new one has done everything.</summary>
    [Theory]
    [MemberData(nameof(Scenarios))]
    public Task OldLeaderComesBack_SameEnd(string scenario) => RunAsync(scenario, async name =>
    {
        (string from, string to) = await CleanAsync(name);
        return await AtEachWriteAsync(name, from, to, Fate.Freeze, 1);
    });

    private async Task RunAsync(string scenario, Func<string, Task<string>> run, [CallerMemberName] string test = "") =>
        output.WriteLine(await server.RunAsync(test, scenario, Names, run));

    /// <summary>What an undisturbed operator makes of a scenario: one run for all tests of it.</summary>
    private Task<(string From, string To)> CleanAsync(string name) => server.CleanAsync(name, UndisturbedAsync);

    /// <summary>Runs the scenario undisturbed: what is there before and after.</summary>
    private async Task<(string From, string To)> UndisturbedAsync(string name)
    {
        await using CrashWorld world = await server.WorldAsync();
        Scenario scenario = Scenario.Of(name);
        await scenario.PrepareAsync(world);
        await world.QuietAsync();
        string from = await EndState.OfAsync(world);
        await scenario.ForwardAsync(world);
        await world.QuietAsync();
        string to = await EndState.OfAsync(world);
        to.Should().NotBe(from);
        await scenario.BackwardAsync(world);
        await SameAsync(world, from, $"{name}: there and back");
        return (from, to);
    }

    private async Task<string> AtEachWriteAsync(string name, string from, string to, Fate fate, int first)
    {
        await using CrashWorld world = await server.WorldAsync();
        Scenario scenario = Scenario.Of(name);
        await scenario.PrepareAsync(world);
        await SameAsync(world, from, name);
        int runs = 0;
        for (int number = first; ; number += Distance)
        {
            number.Should().BeLessThan(MostWrites);
            bool there = await DirectionAsync(scenario.ForwardAsync, to, "there");
            bool back = await DirectionAsync(scenario.BackwardAsync, from, "back");
            if (!there && !back)
            {
                break;
            }

            async Task<bool> DirectionAsync(Func<CrashWorld, Task> direction, string end, string way)
            {
                FateOfOne plan = new(number, fate);
                IReadOnlyDictionary<string, string> before = await RestartCheck.PodsAsync(world);
                world.Plan = plan;
                await direction(world);
                string what = string.Create(CultureInfo.InvariantCulture, $"{name} {way}, {fate} at write {number} ({plan.Write})");
                await SameAsync(world, end, what);
                if (world.CutOff is { } old && fate == Fate.Freeze)
                {
                    old.Thaw();
                    await SameAsync(world, end, what + ", and the old leader came back");
                    await world.EndCutOffAsync();
                }

                if (name == "ConfigRoll")
                {
                    await RestartCheck.EachOnceAsync(world, before, what);
                }

                runs += plan.Write is null ? 0 : 1;
                return plan.Write is not null;
            }
        }

        runs.Should().BePositive("otherwise nothing was tried");
        return string.Create(CultureInfo.InvariantCulture, $"{name}, {fate}: {runs} ends");
    }

    private async Task<string> OnceAsync(string name, string from, string to, Func<WritePlan>? plan, TimeSpan? lag, string what)
    {
        await using CrashWorld world = await server.WorldAsync(lag);
        Scenario scenario = Scenario.Of(name);
        world.Plan = plan?.Invoke();
        await scenario.PrepareAsync(world);
        await SameAsync(world, from, $"{name}, {what}");
        world.Plan = plan?.Invoke();
        await scenario.ForwardAsync(world);
        await SameAsync(world, to, $"{name} there, {what}");
        world.Plan = plan?.Invoke();
        await scenario.BackwardAsync(world);
        await SameAsync(world, from, $"{name} back, {what}");
        return $"{name}, {what}";
    }

    /// <summary>Waits until the world is as expected, and stays so.</summary>
    private static async Task SameAsync(CrashWorld world, string expected, string what)
    {
        await world.QuietAsync();
        string found = "";
        try
        {
            await Eventually.TrueAsync(async () => (found = await EndState.OfAsync(world)) == expected, what);
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException($"{what}: another end; {EndState.Difference(expected, found)}", late);
        }
    }
}
