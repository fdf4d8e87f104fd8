using System.Globalization;
using RocketOps.Faults.Tests.Histories;
using RocketOps.Faults.Tests.Kills;
using RocketOps.Testing;
using RocketOps.Testing.Remoting;
using Xunit.Abstractions;

namespace RocketOps.Faults.Tests.Replication;

/// <summary>
/// Three members of a group that elects its master, under load: the master is killed, made to stand still until somebody else leads, and stopped in order, again and again. What was acknowledged is on
/// every member in the end, at the offset its producer was told. <c>ROCKETOPS_KILLS</c> asks for more than a build needs, <c>ROCKETOPS_LEASE_MILLIS=6000</c> for the default lease. How long nothing was
/// acknowledged is printed.
/// </summary>
public sealed class FailoverKillTests(ITestOutputHelper output)
{
    private const string Topic = "Elected";
    private const int Queues = 3;
    private const int MinSends = 30;
    private const int MaxSends = 200;

    private static readonly int Kills = int.TryParse(Environment.GetEnvironmentVariable("ROCKETOPS_KILLS"), CultureInfo.InvariantCulture, out int kills) ? kills : 12;

    private static readonly int LeaseMillis = int.TryParse(Environment.GetEnvironmentVariable("ROCKETOPS_LEASE_MILLIS"), CultureInfo.InvariantCulture, out int millis) ? millis : 2000;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task Master_KilledSuspendedAndStopped_NothingAcknowledgedIsLost()
    {
        await using ElectedBrokers brokers = new(Settings());
        await brokers.StartAsync();
        await using (RawConnection connection = await RawConnection.ConnectAsync(brokers.AddressOf(await brokers.MasterAsync())))
        {
            (await RawBroker.CreateTopicAsync(connection, Topic, Queues)).Code.Should().Be(RawBroker.Success);
        }

        Dictionary<string, List<TimeSpan>> times = new(StringComparer.Ordinal) { ["killed"] = [], ["suspended"] = [], ["stopped"] = [] };
        await using RovingLoad load = RovingLoad.Start(brokers.Addresses, Topic, Queues);
        for (int kill = 0; kill < Kills; kill++)
        {
            await brokers.AllInSyncAsync($"before kill {kill}");
            await ServedAsync(load, brokers, kill);
            string master = await brokers.MasterAsync();
            switch (kill % 4)
            {
                case 2:
                    brokers.Suspend(master);
                    times["suspended"].Add(await AcknowledgedAsync(load, brokers));
                    brokers.Resume(master);
                    break;
                case 3:
                    load.TakeLongestGap();
                    await brokers.TerminateAsync(master);
                    await AcknowledgedAsync(load, brokers);
                    times["stopped"].Add(load.TakeLongestGap());
                    await brokers.StartAsync(master);
                    break;
                default:
                    await brokers.KillAsync(master);
                    times["killed"].Add(await AcknowledgedAsync(load, brokers));
                    await brokers.StartAsync(master);
                    break;
            }
        }

        await brokers.AllInSyncAsync("after the last kill");
        await ServedAsync(load, brokers, Kills);
        await load.StopAsync();
        await brokers.AllInSyncAsync("at the end");
        foreach ((string how, List<TimeSpan> waited) in times.Where(static time => time.Value.Count > 0))
        {
            waited.Sort();
            output.WriteLine($"master {how}, time without an acknowledgement: median {waited[waited.Count / 2].TotalMilliseconds:0} ms, longest {waited[^1].TotalMilliseconds:0} ms of {waited.Count} (lease {LeaseMillis} ms)");
        }

        output.WriteLine($"{load.Acknowledged} acknowledged, {load.CutOff} without an answer");
        IReadOnlyList<Reading> first = await ReadSettledAsync(brokers, brokers.Addresses[0], load);
        HistoryCheck.Violations(load.Attempts, [], first).Should().BeEmpty("of {0} acknowledged; {1}", load.Acknowledged, brokers.Logs());
        foreach (string address in brokers.Addresses.Skip(1))
        {
            (await ReadSettledAsync(brokers, address, load)).Should().Equal(first, "all members have one log");
        }

        load.CutOff.Should().BePositive("brokers died with sends in flight");
    }

    private static Dictionary<string, string> Settings() => new(StringComparer.Ordinal)
    {
        ["replicationMode"] = "Sync",
        ["minInSyncReplicas"] = "2",
        ["leaseDurationMillis"] = LeaseMillis.ToString(CultureInfo.InvariantCulture),
        ["leaseRenewMillis"] = (LeaseMillis / 8).ToString(CultureInfo.InvariantCulture),
        ["leaseMarginMillis"] = (LeaseMillis / 6).ToString(CultureInfo.InvariantCulture),

        // Small files, so that kills meet roll-overs; beats so frequent that a dead end of a connection is known soon.
        ["mappedFileSizeCommitLog"] = "1048576",
        ["mappedFileSizeConsumeQueue"] = "20000",
        ["haSendHeartbeatInterval"] = "500",
        ["haHousekeepingInterval"] = "3000",
    };

    private static async Task<TimeSpan> AcknowledgedAsync(RovingLoad load, ElectedBrokers brokers)
    {
        Task<TimeSpan> next = load.NextAcknowledgementAsync();
        try
        {
            return await next.WaitAsync(Patience);
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException($"nothing was acknowledged any more:\n{brokers.Logs()}", late);
        }
    }

    private static async Task ServedAsync(RovingLoad load, ElectedBrokers brokers, int kill)
    {
        long enough = load.Acknowledged + Random.Shared.Next(MinSends, MaxSends);
        try
        {
            await Eventually.TrueAsync(() => load.Acknowledged >= enough, "load is served", Patience);
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException($"load is not served before kill {kill}:\n{brokers.Logs()}", late);
        }
    }

    /// <summary>A message reaches its queue a moment after the log, and a slave forgets a group that only it knows: until all is there, again.</summary>
    private static async Task<IReadOnlyList<Reading>> ReadSettledAsync(ElectedBrokers brokers, string address, RovingLoad load)
    {
        IReadOnlyList<Reading> stored = [];
        long acknowledged = load.Acknowledged;
        try
        {
            await Eventually.TrueAsync(
                async () =>
                {
                    IReadOnlyList<Reading> before = stored;
                    stored = await Load.ReadAllAsync(address, Topic, Queues);
                    return stored.Count >= acknowledged && stored.Count == before.Count;
                },
                $"every acknowledged message is in a queue of {address}",
                Patience);
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException($"{address} has {stored.Count} messages of {acknowledged} acknowledged:\n{brokers.Logs()}", late);
        }

        return stored;
    }
}
