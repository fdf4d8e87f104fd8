using System.Globalization;
using RocketOps.Testing.Rings;
using RocketOps.Testing.Servers;
using Xunit.Abstractions;

namespace RocketOps.Faults.Tests.Replication;

/// <summary>
/// The members of a group that elects its master cannot reach its master, or another of them, any more: connections hang half-open, or end. Sometimes the master is killed as well, or stands still. What was
/// acknowledged, and what consumers have read, is on every member in the end. <c>ROCKETOPS_PARTITIONS</c> asks for more of them than a build needs.
/// Deep: leases end by themselves here; the simulation of Replication.Tests cuts members off from each other thousands of times on a clock of its own.
/// </summary>
[Trait("ring", RingRules.Deep)]
public sealed class PartitionTests(ITestOutputHelper output)
{
    private static readonly int Partitions = int.TryParse(Environment.GetEnvironmentVariable("ROCKETOPS_PARTITIONS"), CultureInfo.InvariantCulture, out int partitions) ? partitions : 5;

    private static readonly int LongestMillis = 3 * ShortLease.Millis;

    [Theory]
    [InlineData("Sync", 1)]
    [InlineData("Sync", 2)]
    public async Task Members_CutOffFromEachOther_LoseNothingAcknowledgedOrRead(string mode, int minInSync)
    {
        int seed = Random.Shared.Next(1_000_000);
        Random random = new(seed);
        await using ElectedBrokers brokers = new(
            new Dictionary<string, string>(ShortLease.Settings, StringComparer.Ordinal)
            {
                ["replicationMode"] = mode,
                ["minInSyncReplicas"] = minInSync.ToString(CultureInfo.InvariantCulture),
                ["mappedFileSizeCommitLog"] = "1048576",
                ["mappedFileSizeConsumeQueue"] = "20000",
                ["haSendHeartbeatInterval"] = "500",
                ["haHousekeepingInterval"] = "3000",
            },
            memberAddress: static number => $"127.0.7.{number + 1}");
        await using MemberProxies proxies = new(brokers);
        await using ElectedRun run = await ElectedRun.StartAsync(brokers);
        for (int partition = 0; partition < Partitions; partition++)
        {
            string when = $"before partition {partition} of seed {seed}";
            await brokers.AllInSyncAsync(when);
            await run.ServedAsync(when);
            string master = await brokers.MasterAsync();
            string cut = random.Next(4) == 0 ? brokers.Names.First(name => name != master) : master;
            if (random.Next(2) == 0)
            {
                proxies[cut].Freeze();
            }
            else
            {
                proxies[cut].Refuse();
            }

            await Task.Delay(random.Next(LongestMillis));
            bool kills = random.Next(2) == 0;
            if (kills)
            {
                await brokers.KillAsync(master);
                await brokers.StartAsync(master);
            }

            proxies[cut].Heal();
            output.WriteLine($"{cut} was cut off while {master} led{(kills ? " and was killed" : string.Empty)}");
        }

        await run.CheckAsync();
        output.WriteLine($"seed {seed}: {run.Load.Acknowledged} acknowledged, {run.Read} read meanwhile");
    }
}
