using RocketOps.Faults.Tests.Histories;
using RocketOps.Faults.Tests.Loads;
using RocketOps.Faults.Tests.Points;
using RocketOps.Faults.Tests.Replication;
using RocketOps.Testing;
using RocketOps.Testing.Remoting;
using RocketOps.Testing.Rings;
using RocketOps.Testing.Servers;
using Xunit.Abstractions;

namespace RocketOps.Faults.Tests.Kills;

/// <summary>
/// SIGKILL while a slave cuts its log: it led before, and wrote messages that no other member got. Nothing acknowledged is lost, and in the
/// end all members have one log.
/// </summary>
public sealed class CutKillTests(ITestOutputHelper output)
{
    private const string Tail = "Tail";
    private const int MessagesOfTail = 40;
    private const int KilledExitCode = 128 + 9;

    private static readonly int Kills = Depth.Of(2, deep: 30);

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    // No lease ends by itself, and no member falls out of sync in the moment before the master is killed.
    private static readonly Dictionary<string, string> Settings = new(StringComparer.Ordinal)
    {
        ["replicationMode"] = "Sync",
        ["minInSyncReplicas"] = "2",
        ["leaseDurationMillis"] = "120000",
        ["leaseRenewMillis"] = "1000",
        ["leaseMarginMillis"] = "10000",
        ["haHousekeepingInterval"] = "20000",
        ["haMaxTimeSlaveNotCatchup"] = "60000",
        ["slaveTimeout"] = "120000",
        ["mappedFileSizeCommitLog"] = "65536",
        ["mappedFileSizeConsumeQueue"] = "400",
    };

    // Deep: a group has to elect a master for each kill.
    [SkippableFact]
    [Trait("ring", RingRules.Deep)]
    public async Task Kill_WhileASlaveCutsItsLog_AllMembersHaveOneLogAndNothingAcknowledgedIsLost()
    {
        KillPoint.SkipIfMissing();
        using KillPoint point = await KillPoint.BuildAsync();
        List<string> deaths = [];
        await using ElectedBrokers brokers = new(Settings, memberAddress: static number => $"127.0.9.{number + 1}")
        {
            Environment = point.Environment,
        };
        await using MemberProxies ways = new(brokers);
        await using ElectedRun run = await ElectedRun.StartAsync(brokers);
        await using (RawConnection master = await RawConnection.ConnectAsync(brokers.AddressOf(await brokers.MasterAsync())))
        {
            (await RawBroker.CreateTopicAsync(master, Tail, 1)).Code.Should().Be(RawBroker.Success);
        }

        for (int kill = 0; kill < Kills; kill++)
        {
            await brokers.AllInSyncAsync($"before kill {kill}");
            await run.ServedAsync($"before kill {kill}");
            string old = await brokers.MasterAsync();
            await WriteTailAsync(brokers, ways, old);
            await run.AcknowledgedAsync();

            await point.ArmAsync(new KillPlace($"{Path.GetFileName(brokers.StoreOf(old))}/", "any", Most: 60) { Since = "/diverged/" });
            await StartAndDieAsync(brokers, old);
            deaths.Add(await point.TakeAsync());
            await brokers.StartAsync(old);
        }

        string story = $"deaths: {string.Join("; ", deaths)}";
        output.WriteLine(story);
        await run.CheckAsync();
        IReadOnlyList<Reading> first = await StoredQueues.ReadAllAsync(brokers.Addresses[0], Tail, 1);
        foreach (string address in brokers.Addresses.Skip(1))
        {
            (await StoredQueues.ReadAllAsync(address, Tail, 1)).Should().Equal(first, "all members have one log; {0}", story);
        }
    }

    /// <summary>The master writes messages that reach no other member, and is killed before it answers; then another one leads.</summary>
    private static async Task WriteTailAsync(ElectedBrokers brokers, MemberProxies ways, string master)
    {
        await using RawConnection figures = await RawConnection.ConnectAsync(brokers.AddressOf(master));
        ways[master].Freeze();
        long enough = await RuntimeFigures.ReadLogEndAsync(figures) + MessagesOfTail;
        List<RawConnection> producers = [];
        List<Task> sends = [];
        for (int message = 0; message < MessagesOfTail; message++)
        {
            RawConnection producer = await RawConnection.ConnectAsync(brokers.AddressOf(master));
            producers.Add(producer);
            sends.Add(SendAsync(producer));
        }

        // Each message has more bytes than there are messages: so many are more than one, and fewer than all.
        await Eventually.TrueAsync(async () => await RuntimeFigures.ReadLogEndAsync(figures) > enough, "the master has a tail of its own", Patience);
        await brokers.KillAsync(master);
        await Task.WhenAll(sends);
        foreach (RawConnection producer in producers)
        {
            await producer.DisposeAsync();
        }

        // What the way still holds reaches no member either.
        ways[master].Refuse();
        ways[master].Heal();
        await brokers.ReleaseLeaseAsync(master);
    }

    private static async Task SendAsync(RawConnection producer)
    {
        try
        {
            await RawBroker.SendAsync(producer, Tail, 0, new byte[Random.Shared.Next(100, 3000)]);
        }
        catch (Exception lost) when (LostConnection.Is(lost))
        {
            // The master was killed before it could answer.
        }
    }

    private static async Task StartAndDieAsync(ElectedBrokers brokers, string member)
    {
        try
        {
            await brokers.StartAsync(member);
        }
        catch (InvalidOperationException)
        {
            // It died before it listened; its exit code tells.
        }

        (await brokers.EndedAsync(member)).Should().Be(KilledExitCode, "it dies in its cut; {0}", brokers.Logs());
    }
}
