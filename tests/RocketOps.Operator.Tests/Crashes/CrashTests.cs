using System.Globalization;
using System.Runtime.CompilerServices;
using RocketOps.Testing;
using RocketOps.Testing.Rings;
using Xunit.Abstractions;

namespace RocketOps.Operator.Tests.Crashes;

/// <summary>
/// Whatever single write an operator ends at, whatever fails once, however old what it sees is, and whoever else led in between: what is there in the end is what an operator makes whom nothing happens to.
/// An ordinary run tries some writes of each scenario, spread over all of them; <c>ROCKETOPS_EVERY_WRITE=1</c>, or the ring deep, each one.
/// </summary>
public sealed class CrashTests(CrashServer server, ITestOutputHelper output) : IClassFixture<CrashServer>
{
    /// <summary>Its multiples are spread over everything between two whole numbers, however many there are.</summary>
    private const double GoldenRatio = 0.618;

    /// <summary>Beyond this many writes something writes for ever.</summary>
    private const int MostWrites = 200;

    private static readonly bool IsEveryWriteAskedFor = Environment.GetEnvironmentVariable("ROCKETOPS_EVERY_WRITE") == "1" || Depth.IsDeep;

    /// <summary>All of them, or the one that <c>ROCKETOPS_SCENARIO</c> names: those of one test run together.</summary>
    private static readonly string[] Names = Environment.GetEnvironmentVariable("ROCKETOPS_SCENARIO") is { Length: > 0 } one ? [one] : ["Lifetime", "ConfigRoll", "LiveConfigChange", "Groups", "Members", "Volumes", "Queues", "TopicMoved", "HandOver", "ElectedGroupResized", "FailedRoll", "Recreated", "MasterLost"];

    /// <summary>Those of a seed, which <c>ROCKETOPS_LAG_SEED</c> names or chance.</summary>
    private static readonly CacheLags Seeded = CacheLags.Of(int.TryParse(Environment.GetEnvironmentVariable("ROCKETOPS_LAG_SEED"), CultureInfo.InvariantCulture, out int seed) ? seed : Random.Shared.Next(1_000_000));

    private static readonly CacheLags[] Lags = IsEveryWriteAskedFor ? [Seeded, CacheLags.Alike] : [Seeded];

    private static readonly Fate[] Failures = [Fate.Conflict, Fate.Throttle, Fate.Error, Fate.LoseAnswer];

    private static readonly Fate[] Unanswered = [Fate.Error, Fate.Throttle, Fate.LoseAnswer];

    public static TheoryData<string> Scenarios => [.. Names];

    [Theory]
    [MemberData(nameof(Scenarios))]
    public Task EndsBeforeOrAfterAnyWrite_SameEnd(string scenario) => RunAsync(scenario, clean => AtWritesAsync(clean, Fate.DieBefore, Fate.DieAfter));

    /// <summary>Each in its own way, in an ordinary run; all of them in each, when every write is asked for.</summary>
    [Theory]
    [MemberData(nameof(Scenarios))]
    public Task EachWriteFailsOnce_SameEnd(string scenario) => RunAsync(scenario, async clean =>
    {
        Fate[][] runs = IsEveryWriteAskedFor ? [.. Failures.Select(static fate => new[] { fate })] : [Failures];
        return string.Join('\n', await Task.WhenAll(runs.Select(fates => OnceAsync(clean, () => new FateOfEachFirst(fates), null, string.Join(", ", fates)))));
    });

    [Theory]
    [MemberData(nameof(Scenarios))]
    public Task CachesLagBehind_SameEnd(string scenario) => RunAsync(scenario, async clean => string.Join('\n', await Task.WhenAll(Lags.Select(lags => OnceAsync(clean, null, lags, lags.ToString())))));

    /// <summary>What is asked of the server itself is asked because caches lag behind: a question without an answer must not be taken for what they say, or for the answer that there is nothing.</summary>
    [Theory]
    [MemberData(nameof(Scenarios))]
    public Task ReadsAreNotAnswered_SameEnd(string scenario) => RunAsync(scenario, async clean =>
    {
        Fate[][] runs = IsEveryWriteAskedFor ? [.. Unanswered.Select(static fate => new[] { fate })] : [Unanswered];
        return string.Join('\n', await Task.WhenAll(runs.SelectMany(fates => Lags.Select(lags => UnansweredAsync(clean, lags, fates)))));
    });

    /// <summary>The old leader's write arrives when the new one has done everything.</summary>
    [Theory]
    [MemberData(nameof(Scenarios))]
    public Task OldLeaderComesBack_SameEnd(string scenario) => RunAsync(scenario, clean => AtWritesAsync(clean, Fate.Freeze));

    private async Task RunAsync(string scenario, Func<UndisturbedRun, Task<string>> run, [CallerMemberName] string test = "") =>
        output.WriteLine(await server.RunAsync(test, scenario, Names, async name => await run(await server.CleanAsync(name, UndisturbedAsync))));

    /// <summary>Runs the scenario undisturbed, once for all tests of it.</summary>
    private async Task<UndisturbedRun> UndisturbedAsync(string name)
    {
        await using CrashWorld world = await server.WorldAsync();
        Scenario scenario = Scenario.Of(name);
        await scenario.PrepareAsync(world);
        await world.QuietAsync();
        string from = await EndState.OfAsync(world);
        CountedWrites there = new();
        world.Plan = there;
        await scenario.ForwardAsync(world);
        await world.QuietAsync();
        string to = await EndState.OfAsync(world);
        to.Should().NotBe(from);
        CountedWrites back = new();
        world.Plan = back;
        await scenario.BackwardAsync(world);
        await SameAsync(world, from, $"{name}: there and back");
        return new UndisturbedRun(name, from, to, there.Count, back.Count);
    }

    /// <summary>An operator meets its fate at one write there, and one on the way back, again and again.</summary>
    private async Task<string> AtWritesAsync(UndisturbedRun clean, params Fate[] fates) =>
        IsEveryWriteAskedFor
            ? string.Join('\n', await Task.WhenAll(fates.Select(fate => AtEachAsync(clean, Enumerable.Range(1, MostWrites).Select(number => (fate, number, number))))))
            : await AtEachAsync(clean, Sample(clean, fates));

    /// <summary>Each fate once there and once on the way back, at writes that are spread over those of an undisturbed operator.</summary>
    private static IEnumerable<(Fate Fate, int There, int Back)> Sample(UndisturbedRun clean, Fate[] fates)
    {
        // Begun elsewhere by each scenario, as much of what is written is the same in all of them.
        double begin = Array.IndexOf(Names, clean.Scenario) * GoldenRatio;
        return fates.Select((fate, i) => (fate, At(i, clean.WritesThere), At(i + 0.5, clean.WritesBack)));

        int At(double i, int writes) => 1 + (int)((begin + (i / fates.Length)) % 1 * writes);
    }

    private async Task<string> AtEachAsync(UndisturbedRun clean, IEnumerable<(Fate Fate, int There, int Back)> ends)
    {
        await using CrashWorld world = await server.WorldAsync();
        Scenario scenario = Scenario.Of(clean.Scenario);
        await scenario.PrepareAsync(world);
        await SameAsync(world, clean.From, clean.Scenario);
        List<string> met = [];
        bool isOver = false;
        foreach ((Fate fate, int thereAt, int backAt) in ends)
        {
            bool there = await DirectionAsync(scenario.ForwardAsync, fate, thereAt, clean.To, "there");
            bool back = await DirectionAsync(scenario.BackwardAsync, fate, backAt, clean.From, "back");
            if (IsEveryWriteAskedFor && !there && !back)
            {
                isOver = true;
                break;
            }
        }

        met.Should().NotBeEmpty("otherwise nothing was tried");
        (isOver || !IsEveryWriteAskedFor).Should().BeTrue("beyond so many writes something writes for ever");
        return string.Create(CultureInfo.InvariantCulture, $"{clean.Scenario}: {met.Count} ends: {string.Join("; ", met)}");

        async Task<bool> DirectionAsync(Func<CrashWorld, Task> direction, Fate fate, int number, string end, string way)
        {
            FateOfOne plan = new(number, fate);
            IReadOnlyDictionary<string, string> before = await RestartCheck.PodsAsync(world);
            world.Plan = plan;
            await direction(world);
            string what = string.Create(CultureInfo.InvariantCulture, $"{clean.Scenario} {way}, {fate} at write {number} ({plan.Write})");
            await SameAsync(world, end, what);
            if (world.CutOff is { } old && fate == Fate.Freeze)
            {
                old.Thaw();
                await SameAsync(world, end, what + ", and the old leader came back");
                await world.EndCutOffAsync();
            }

            if (clean.Scenario == "ConfigRoll")
            {
                await RestartCheck.EachOnceAsync(world, before, what);
            }

            if (plan.Write is null)
            {
                return false;
            }

            met.Add(string.Create(CultureInfo.InvariantCulture, $"{way} {fate} {number} {plan.Write}"));
            return true;
        }
    }

    private async Task<string> OnceAsync(UndisturbedRun clean, Func<WritePlan>? plan, CacheLags? lags, string what)
    {
        (string name, string from, string to, _, _) = clean;
        await using CrashWorld world = await server.WorldAsync(lags);
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

    private async Task<string> UnansweredAsync(UndisturbedRun clean, CacheLags lags, Fate[] fates)
    {
        await using CrashWorld world = await server.WorldAsync(lags);
        Scenario scenario = Scenario.Of(clean.Scenario);
        await scenario.PrepareAsync(world);
        await SameAsync(world, clean.From, $"{clean.Scenario}, {lags}");
        int failed = 0;
        string there = await DirectionAsync(scenario.ForwardAsync, clean.To, "there");
        string back = await DirectionAsync(scenario.BackwardAsync, clean.From, "back");
        (failed > 0 || clean.Scenario == "Queues").Should().BeTrue("otherwise nothing was tried, and more queues take no question");
        return $"{there}\n{back}";

        async Task<string> DirectionAsync(Func<CrashWorld, Task> direction, string end, string way)
        {
            FateOfReads plan = new(IsEveryWriteAskedFor ? 4 : 2, fates);
            world.Plan = plan;
            await direction(world);
            string what = $"{clean.Scenario} {way}, reads: {string.Join(", ", fates)}, {lags}";
            await SameAsync(world, end, what);
            failed += plan.Failed;
            return string.Create(CultureInfo.InvariantCulture, $"{what}, {plan.Failed} times; {plan.Places}");
        }
    }

    /// <summary>Waits until the world is as expected, and stays so.</summary>
    private static async Task SameAsync(CrashWorld world, string expected, string what)
    {
        await world.QuietAsync();
        string found = "";
        try
        {
            await Eventually.TrueAsync(async () => (found = await EndState.OfAsync(world)) == expected, what, CrashWorld.Patience);
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException($"{what}: another end; {EndState.Difference(expected, found)}", late);
        }

        world.Stolen.Should().BeEmpty("pods start again with what they started with; {0}", what);
    }
}
