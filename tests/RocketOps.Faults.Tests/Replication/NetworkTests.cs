using System.Globalization;
using RocketOps.Faults.Tests.Wires;
using RocketOps.Testing;
using RocketOps.Testing.Rings;
using RocketOps.Testing.Servers;
using Xunit.Abstractions;

namespace RocketOps.Faults.Tests.Replication;

/// <summary>
/// The members of a group that elects its master are processes each with a network of its own, and the test is the wire between them: packets of a member, or between two, are lost, come late and overtake each other, or do not come at all in one direction or both,
/// also from the lease and from clients; the kernel's TCP makes of that what it makes of it. Sometimes the master is killed as well. What was acknowledged, and what consumers have read, is on every member in the end.
/// <c>ROCKETOPS_PARTITIONS</c> asks for more faults than a build needs, <c>ROCKETOPS_PARTITION_SEED</c> for those of a seed that was printed.
/// Deep: leases end by themselves here, as in <see cref="PartitionTests"/>, whose proxies stand in for a network where none can be made.
/// </summary>
[Trait("ring", RingRules.Deep)]
public sealed class NetworkTests(ITestOutputHelper output)
{
    /// <summary>No fewer than one of each kind: else nothing may be lost, or late.</summary>
    private static readonly int Partitions = Math.Max(NumberOf("ROCKETOPS_PARTITIONS") ?? 0, MemberFault.Kinds);

    private static readonly int LongestMillis = 3 * ShortLease.Millis;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    [SkippableTheory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Members_OnABadNetwork_LoseNothingAcknowledgedOrRead(int minInSync)
    {
        string? missing = RingRules.Current.WhySkip(RingRules.Faults, await WiredNetwork.WhyMissingAsync());
        Skip.If(missing is not null, missing);
        int seed = NumberOf("ROCKETOPS_PARTITION_SEED") ?? Random.Shared.Next(1_000_000);
        output.WriteLine($"seed {seed}");
        await using WiredNetwork network = await WiredNetwork.CreateAsync(machines: 3, seed);
        await using ElectedBrokers brokers = new(
            new Dictionary<string, string>(ShortLease.Settings, StringComparer.Ordinal)
            {
                ["replicationMode"] = "Sync",
                ["minInSyncReplicas"] = minInSync.ToString(CultureInfo.InvariantCulture),
                ["mappedFileSizeCommitLog"] = "1048576",
                ["mappedFileSizeConsumeQueue"] = "20000",
                ["haSendHeartbeatInterval"] = "500",
                ["haHousekeepingInterval"] = "3000",
            },
            nameServerPlace: network.Own,
            memberPlace: number => network.Machines[number].Place);
        await using ElectedRun run = await ElectedRun.StartAsync(brokers);
        (network.Wire.Lost, network.Wire.Delayed).Should().Be((0, 0), "nothing is wrong yet");

        int others = await DisturbAsync(network, brokers, run, new Random(seed), $"of seed {seed}");

        await run.CheckAsync();
        output.WriteLine($"seed {seed}: {run.Load.Acknowledged} acknowledged, {run.Read} read meanwhile, {run.Load.CutOff} sends without an answer, {others} times another one led after a fault");
        output.WriteLine($"packets: {network.Wire.Passed} passed, {network.Wire.Lost} lost, {network.Wire.Delayed} delayed");
        network.Wire.Lost.Should().BePositive("else nothing was lost on the way");
        network.Wire.Delayed.Should().BePositive("else nothing was late");
    }

    /// <summary>How many times another member led after a fault than before it.</summary>
    private async Task<int> DisturbAsync(WiredNetwork network, ElectedBrokers brokers, ElectedRun run, Random random, string which)
    {
        int others = 0;
        int[] kinds = [.. Enumerable.Range(0, MemberFault.Kinds)];
        for (int partition = 0; partition < Partitions; partition++)
        {
            string when = $"before fault {partition} {which}";
            await brokers.AllInSyncAsync(when);
            await run.ServedAsync(when);

            // Every kind once before one comes again.
            if (partition % kinds.Length == 0)
            {
                random.Shuffle(kinds);
            }

            string master = await brokers.MasterAsync();
            string member = random.Next(4) == 0 ? brokers.Names.First(name => name != master) : master;
            int lasts = random.Next(LongestMillis);
            bool kills = random.Next(3) == 0;
            bool startsAtOnce = random.Next(2) == 0;
            MemberFault fault = MemberFault.Begin(network, brokers, kinds[partition % kinds.Length], member, random);
            await Eventually.TrueAsync(() => fault.Hit > 0, $"the fault meets a packet: {fault.Text}", Patience);
            await Task.Delay(lasts / 2);

            if (kills)
            {
                await brokers.KillAsync(master);
            }

            // At once it starts on the bad network, which may keep the test from seeing it listen; later others have had time to lead.
            Task started = kills && startsAtOnce ? brokers.StartAsync(master) : Task.CompletedTask;
            await Task.Delay(lasts - (lasts / 2));
            fault.End();
            long hit = fault.Hit;
            await (kills && !startsAtOnce ? brokers.StartAsync(master) : started);
            await brokers.AllInSyncAsync($"after fault {partition} {which}: {fault.Text}");
            string next = await brokers.MasterAsync();
            others += next == master ? 0 : 1;
            output.WriteLine($"{fault.Text}, for {lasts} ms, while {master} led{(kills ? startsAtOnce ? " and was killed" : " and was killed and gone until then" : string.Empty)}: {hit} packets lost or late; then {next} led");
        }

        return others;
    }

    private static int? NumberOf(string variable) => int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out int number) ? number : null;
}
