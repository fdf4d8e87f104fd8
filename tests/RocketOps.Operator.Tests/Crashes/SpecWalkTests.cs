using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using RocketOps.Operator.Entities;
using RocketOps.Testing.Rings;
using Xunit.Abstractions;

namespace RocketOps.Operator.Tests.Crashes;

/// <summary>
/// Whatever legal edits came before, and wherever operators ended meanwhile: in the end a cluster is what it would be had it been made so. A seed decides; <c>ROCKETOPS_WALK_SEED=N</c> walks again, <c>ROCKETOPS_WALKS=N</c> more often than
/// the few of a build or the more of the ring deep.
/// </summary>
public sealed partial class SpecWalkTests(CrashServer server, ITestOutputHelper output) : IClassFixture<CrashServer>
{
    private const int Steps = 4;
    private const string Second = "u";

    /// <summary>The walks of a build.</summary>
    private const int Few = 2;

    /// <summary>Those of the ring deep.</summary>
    private const int Many = 12;

    private static readonly int Walks = int.TryParse(Environment.GetEnvironmentVariable("ROCKETOPS_WALKS"), CultureInfo.InvariantCulture, out int walks) ? walks : Depth.Of(Few, deep: Many);

    private static readonly int? Seed = int.TryParse(Environment.GetEnvironmentVariable("ROCKETOPS_WALK_SEED"), CultureInfo.InvariantCulture, out int seed) ? seed : null;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Walk_EndsAsAFreshCluster(bool elected)
    {
        int first = Seed ?? Random.Shared.Next(1_000_000);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"seeds from {first} on"));
        string?[] failures = await Task.WhenAll(Enumerable.Range(first, Seed is null ? Walks : 1).Select(seed => Task.Run(() => TryAsync(seed, elected))));
        string.Join("\n\n", failures.OfType<string>()).Should().BeEmpty("a cluster is what its spec says, whatever it was before");
    }

    /// <summary>Every walk is told with its seed, however it failed: each of them can be walked again.</summary>
    private async Task<string?> TryAsync(int seed, bool elected)
    {
        StringBuilder path = new();
        try
        {
            await WalkAsync(seed, elected, path);
            return null;
        }
        catch (Exception failed)
        {
            return string.Create(CultureInfo.InvariantCulture, $"seed {seed}: {path}: {failed.Message}");
        }
    }

    private async Task WalkAsync(int seed, bool elected, StringBuilder path)
    {
        Random random = new(seed);
        SpecWalk walk = SpecWalk.First(random, elected);
        path.Append(walk);
        string found;
        await using (CrashWorld world = await WorldAsync(elected))
        {
            await world.CreateClusterAsync(walk.Apply);
            await world.CreateTopicAsync(walk.Apply);
            for (int step = 0; step < Steps; step++)
            {
                // Not every step is given the time to become true.
                if (random.Next(2) == 0 && !walk.Paused)
                {
                    await world.ClusterReadyAsync();
                    await ReadyTopicsAsync(world, walk);
                }

                SpecWalk before = walk;
                walk = walk.Next(random);
                world.Plan = random.Next(3) == 0 ? new FateOfOne(1 + random.Next(6), random.Next(2) == 0 ? Fate.DieBefore : Fate.DieAfter) : null;
                path.Append(CultureInfo.InvariantCulture, $" -> {walk}{(world.Plan is null ? "" : " with an end")}");
                await ToAsync(world, before, walk);
            }

            await ToAsync(world, walk, walk with { Paused = false });
            walk = walk with { Paused = false };
            found = await SettledAsync(world, walk);
            world.Elected.GetValueOrDefault("a-0")?.Deposed.Should().BeEmpty("no master's pod goes while it leads");
            world.Elected.GetValueOrDefault("a-0")?.Forgetful.Should().BeEmpty("who is in sync counts for everybody");
        }

        await using CrashWorld fresh = await WorldAsync(elected);
        await fresh.CreateClusterAsync(walk.Apply);
        await fresh.CreateTopicAsync(walk.Apply);
        if (walk.SecondQueues > 0)
        {
            await fresh.CreateTopicAsync(walk.ApplySecond, Second);
        }

        string expected = await SettledAsync(fresh, walk);
        found.Should().Be(expected, found == expected ? "" : EndState.Difference(expected, found));
    }

    private async Task<CrashWorld> WorldAsync(bool elected)
    {
        CrashWorld world = await server.WorldAsync();
        if (elected)
        {
            world.PlayElections(SpecWalk.MostGroups);
        }

        return world;
    }

    private static async Task ToAsync(CrashWorld world, SpecWalk from, SpecWalk to)
    {
        await world.ChangeAsync<BrokerCluster>("a", to.Apply);
        await world.ChangeTopicAsync(to.Apply);
        if (from.SecondQueues == 0 && to.SecondQueues > 0)
        {
            // Deleted a step before it may still be on its way out.
            await world.GoneAsync<Topic>(Second);
            await world.CreateTopicAsync(to.ApplySecond, Second);
        }
        else if (to.SecondQueues > 0)
        {
            await world.ChangeAsync<Topic>(Second, topic => to.ApplySecond(topic.Spec));
        }
        else if (from.SecondQueues > 0)
        {
            await world.Client.DeleteAsync<Topic>(Second, world.Ns);
        }
    }

    private static async Task ReadyTopicsAsync(CrashWorld world, SpecWalk walk)
    {
        await world.TopicReadyAsync();
        if (walk.SecondQueues > 0)
        {
            await world.TopicReadyAsync(Second);
        }
        else
        {
            await world.GoneAsync<Topic>(Second);
        }
    }

    private static async Task<string> SettledAsync(CrashWorld world, SpecWalk walk)
    {
        await world.ClusterReadyAsync();
        await ReadyTopicsAsync(world, walk);
        await world.QuietAsync();
        return MadeFor().Replace(StoreBytes().Replace(await EndState.OfAsync(world), "storeVolumeBytes=any"), "");
    }

    /// <summary>A store keeps the lengths of files it was made with; one that has grown remembers for which size.</summary>
    [GeneratedRegex("storeVolumeBytes=[0-9]+", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex StoreBytes();

    [GeneratedRegex(" *rocketops.io/store-size: .*\n", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex MadeFor();
}
