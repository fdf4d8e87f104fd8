using System.Globalization;
using RocketOps.Testing.Rings;
using RocketOps.Testing.Servers;
using Xunit.Abstractions;

namespace RocketOps.Faults.Tests.Replication;

/// <summary>
/// Three members of a group that elects its master, under load: the master is killed, made to stand still until somebody else leads, and stopped in order, again and again. What was acknowledged is on
/// every member in the end, at the offset its producer was told, and what consumers read from any member meanwhile is there as well. <c>ROCKETOPS_KILLS</c> asks for more than a build needs, <c>ROCKETOPS_LEASE_MILLIS=6000</c> for the default lease. How long nothing was
/// acknowledged is printed.
/// </summary>
public sealed class FailoverKillTests(ITestOutputHelper output)
{
    private static readonly int Kills = int.TryParse(Environment.GetEnvironmentVariable("ROCKETOPS_KILLS"), CultureInfo.InvariantCulture, out int kills) ? kills : 12;

    /// <summary>Longer than a member waits for the CPU anywhere, and shorter than what is waited for in vain.</summary>
    private static readonly Dictionary<string, string> LongLease = new(StringComparer.Ordinal)
    {
        ["leaseDurationMillis"] = "120000",
        ["leaseRenewMillis"] = "1000",
        ["leaseMarginMillis"] = "10000",
        ["handOverTimeoutMillis"] = "120000",
        ["haHousekeepingInterval"] = "60000",
    };

    [Fact]
    public async Task Master_KilledAndStopped_NothingAcknowledgedIsLost()
    {
        await using ElectedBrokers brokers = new(Settings(LongLease));
        await using ElectedRun run = await ElectedRun.StartAsync(brokers);
        foreach (bool stops in (bool[])[false, true, false])
        {
            string when = $"before the master is {(stops ? "stopped" : "killed")}";
            await brokers.AllInSyncAsync(when);
            await run.ServedAsync(when);
            string master = await brokers.MasterAsync();
            await (stops ? brokers.TerminateAsync(master) : brokers.KillAsync(master));

            // Its lease does not end by itself, so that no slow machine ends one: one that was stopped has handed it over.
            await (stops ? Task.CompletedTask : brokers.ReleaseLeaseAsync(master));
            await run.AcknowledgedAsync();
            (await brokers.MasterAsync()).Should().NotBe(master, "it is gone");
            await brokers.StartAsync(master);
        }

        await run.CheckAsync();
        run.Load.CutOff.Should().BePositive("brokers died with sends in flight");
    }

    /// <summary>
    /// A snapshot of a member is made while all is well; later its process is killed, and it starts on the snapshot while its lease
    /// lasts, or while another leads. It follows and catches up, and nobody cuts what was acknowledged.
    /// </summary>
    [Fact]
    public async Task Member_KilledAndStartedOnASnapshot_NothingAcknowledgedIsLost()
    {
        await using ElectedBrokers brokers = new(Settings(LongLease));
        await using ElectedRun run = await ElectedRun.StartAsync(brokers);
        foreach (bool isMaster in (bool[])[true, false, true])
        {
            string when = $"before a {(isMaster ? "master" : "slave")} goes back in time";
            await brokers.AllInSyncAsync(when);
            await run.ServedAsync(when);
            string master = await brokers.MasterAsync();
            string member = isMaster ? master : brokers.Names.First(name => name != master);
            brokers.TakeSnapshot(member);
            await run.ServedAsync($"{when}, after the snapshot");
            await brokers.KillAsync(member);
            brokers.PutBack(member);

            await brokers.StartAsync(member);

            await run.AcknowledgedAsync();
            (await brokers.MasterAsync()).Should().NotBe(member, "it lacks what others have");
        }

        await run.CheckAsync();
        run.Load.CutOff.Should().BePositive("brokers died with sends in flight");
    }

    // Deep: leases end by themselves here, and a master that stands still is one whose lease ended; the simulation of Replication.Tests has both on a clock of its own.
    [Fact]
    [Trait("ring", RingRules.Deep)]
    public async Task Master_KilledSuspendedAndStopped_NothingAcknowledgedIsLost()
    {
        await using ElectedBrokers brokers = new(Settings(ShortLease.Settings));
        await using ElectedRun run = await ElectedRun.StartAsync(brokers);
        Dictionary<string, List<TimeSpan>> times = new(StringComparer.Ordinal) { ["killed"] = [], ["suspended"] = [], ["stopped"] = [] };
        for (int kill = 0; kill < Kills; kill++)
        {
            await brokers.AllInSyncAsync($"before kill {kill}");
            await run.ServedAsync($"before kill {kill}");
            string master = await brokers.MasterAsync();
            switch (kill % 4)
            {
                case 2:
                    await brokers.SuspendAsync(master);
                    times["suspended"].Add(await run.AcknowledgedAsync());
                    brokers.Resume(master);
                    break;
                case 3:
                    run.Load.TakeLongestGap();
                    await brokers.TerminateAsync(master);
                    await run.AcknowledgedAsync();
                    times["stopped"].Add(run.Load.TakeLongestGap());
                    await brokers.StartAsync(master);
                    break;
                default:
                    await brokers.KillAsync(master);
                    times["killed"].Add(await run.AcknowledgedAsync());
                    await brokers.StartAsync(master);
                    break;
            }
        }

        await run.CheckAsync();
        foreach ((string how, List<TimeSpan> waited) in times.Where(static time => time.Value.Count > 0))
        {
            waited.Sort();
            output.WriteLine($"master {how}, time without an acknowledgement: median {waited[waited.Count / 2].TotalMilliseconds:0} ms, longest {waited[^1].TotalMilliseconds:0} ms of {waited.Count} (lease {ShortLease.Millis} ms)");
        }

        output.WriteLine($"{run.Load.Acknowledged} acknowledged, {run.Load.CutOff} without an answer, {run.Read} read meanwhile");
        run.Load.CutOff.Should().BePositive("brokers died with sends in flight");
    }

    private static Dictionary<string, string> Settings(Dictionary<string, string> lease)
    {
        Dictionary<string, string> settings = new(StringComparer.Ordinal)
        {
            ["replicationMode"] = "Sync",
            ["minInSyncReplicas"] = "2",

            // A new master waits so long for the one before it.
            ["haMaxTimeSlaveNotCatchup"] = "3000",

            // Nobody but the load comes for a master that has led.
            ["handOverLingerMillis"] = "1000",

            // Small files, so that kills meet roll-overs; beats so frequent that a dead end of a connection is known soon.
            ["mappedFileSizeCommitLog"] = "1048576",
            ["mappedFileSizeConsumeQueue"] = "20000",
            ["haSendHeartbeatInterval"] = "500",
            ["haHousekeepingInterval"] = "3000",
        };
        foreach ((string key, string value) in lease)
        {
            settings[key] = value;
        }

        return settings;
    }
}
