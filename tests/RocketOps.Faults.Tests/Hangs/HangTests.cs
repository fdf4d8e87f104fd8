using System.Globalization;
using RocketOps.Faults.Tests.Histories;
using RocketOps.Faults.Tests.Kills;
using RocketOps.Testing;
using RocketOps.Testing.Processes;
using RocketOps.Testing.Remoting;
using RocketOps.Testing.Rings;
using RocketOps.Testing.Servers;

namespace RocketOps.Faults.Tests.Hangs;

/// <summary>
/// A disk that does not answer holds up what needs it and nothing else: consumers read what is in memory, clients stay alive, the health port answers, senders
/// are refused or told of the time-out. What is acknowledged, before, meanwhile or late, is stored.
/// </summary>
public sealed class HangTests
{
    private const string Topic = "Hangs";
    private const string Probes = "Probes";
    private const int Queues = 4;
    private const int EnoughSends = 500;
    private const int HeartBeat = 34;
    private const int SystemBusy = 2;
    private const int FlushDiskTimeout = 10;
    private const int NoAnswer = -1;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    // How long the first probe's send may wait for its answer before another one is tried, which may wait twice as long: no answer is right for one that came before the hanging call was noticed.
    private static readonly TimeSpan ProbePatience = TimeSpan.FromMilliseconds(500);

    [SkippableFact]
    public Task Write_HangsWithAsyncFlush_AllElseIsServedAndSendsAreRefused() => AssertServedMeanwhileAsync("write", "ASYNC_FLUSH", SystemBusy);

    // Deep: the write is the same in both modes, and the test below has sends that wait for the disk.
    [SkippableFact]
    [Trait("ring", RingRules.Deep)]
    public Task Write_HangsWithSyncFlush_AllElseIsServedAndSendsAreRefused() => AssertServedMeanwhileAsync("write", "SYNC_FLUSH", SystemBusy);

    [SkippableFact]
    public Task Flush_HangsWithSyncFlush_AllElseIsServedAndSendsTimeOut() => AssertServedMeanwhileAsync("flush", "SYNC_FLUSH", FlushDiskTimeout);

    /// <summary>Files are small, so the log comes to the end of the one it has while the next one is being made; until then sends are served.</summary>
    [SkippableFact]
    public Task NextFile_HangsWhileItIsMade_AllElseIsServedAndSendsAreRefused() => AssertServedMeanwhileAsync("make", "ASYNC_FLUSH", SystemBusy, logFileBytes: 1024 * 1024);

    private static async Task AssertServedMeanwhileAsync(string call, string flushDiskType, int refusal, int? logFileBytes = null)
    {
        string? missing = RingRules.Current.WhySkip(RingRules.Faults, HangingDisk.WhyMissing());
        Skip.If(missing is not null, missing);
        using HangingDisk disk = await HangingDisk.BuildAsync();
        int health = LoopbackPorts.Find(0);
        Dictionary<string, string> settings = new(StringComparer.Ordinal)
        {
            ["flushDiskType"] = flushDiskType,
            ["httpPort"] = health.ToString(CultureInfo.InvariantCulture),
            // Longer than any of the waits below: that a send is refused must not depend on who comes first.
            ["syncFlushTimeout"] = refusal == FlushDiskTimeout ? "5000" : "3600000",
            ["osPageCacheBusyTimeOutMills"] = "300",
            // A connection whose send hangs says nothing for so long.
            ["serverChannelMaxIdleTimeSeconds"] = "3600",
        };
        if (logFileBytes is { } bytes)
        {
            settings["mappedFileSizeCommitLog"] = bytes.ToString(CultureInfo.InvariantCulture);
        }

        await using RocketOpsServer server = new(new ServerOptions { Environment = disk.Environment, Broker = settings });
        await server.StartAsync();
        await using RawConnection client = await RawConnection.ConnectAsync(server.BrokerAddress);
        (await RawBroker.CreateTopicAsync(client, Topic, Queues)).Code.Should().Be(RawBroker.Success);
        (await RawBroker.CreateTopicAsync(client, Probes, Queues)).Code.Should().Be(RawBroker.Success);
        await using Load load = Load.Start(server, Topic, Queues);
        await Eventually.TrueAsync(() => load.Acknowledged >= EnoughSends, "load is served");

        await disk.BeginAsync(call);
        try
        {
            await AssertPulledAsync(server);
            await AssertAliveAsync(client);
            await AssertHealthyAsync(health);
            TimeSpan patience = ProbePatience;
            await Eventually.TrueAsync(
                async () =>
                {
                    int code = await SendAsync(server, patience);

                    // Not after one that was served, of which many may come first: the last one's patience would outlast the test.
                    patience = code == NoAnswer ? patience * 2 : patience;
                    return code == refusal;
                },
                $"sends are answered with {refusal} while a {call} hangs",
                Patience);

            // Again, now that everything had time to run into the hanging call.
            await AssertPulledAsync(server);
            await AssertAliveAsync(client);
            await AssertHealthyAsync(health);
            disk.IsHanging.Should().BeTrue("all of this happened meanwhile");
        }
        finally
        {
            disk.End();
        }

        long enough = load.Acknowledged + EnoughSends;
        await Eventually.TrueAsync(() => load.Acknowledged >= enough, "load is served again");
        await load.StopAsync();
        load.CutOff.Should().Be(0, "no connection was lost");
        IReadOnlyList<Reading> stored = [];
        await Eventually.TrueAsync(
            async () => (stored = await StoredQueues.ReadAllAsync(server.BrokerAddress, Topic, Queues)).Count >= load.Acknowledged,
            "every acknowledged message is in a queue",
            Patience);
        HistoryCheck.Violations(load.Attempts, load.Readings, stored).Should().BeEmpty();
        await server.StopBrokerAsync();
    }

    /// <summary>What was stored before is in memory.</summary>
    private static async Task AssertPulledAsync(ServerUnderTest server)
    {
        using CancellationTokenSource late = new(Patience);
        await using RawConnection consumer = await RawConnection.ConnectAsync(server.BrokerAddress, late.Token);
        for (int queue = 0; queue < Queues; queue++)
        {
            (await RawBroker.PullAsync(consumer, Topic, queue, 0, cancellationToken: late.Token)).Code.Should().Be(RawBroker.Success);
        }
    }

    private static async Task AssertAliveAsync(RawConnection client)
    {
        using CancellationTokenSource late = new(Patience);
        byte[] body = RawFields.Heartbeat("127.0.0.1@hang", producers: ["hang"]);
        (await client.RequestAsync(HeartBeat, body: body, cancellationToken: late.Token)).Code.Should().Be(RawBroker.Success);
    }

    private static async Task AssertHealthyAsync(int port)
    {
        using HttpClient http = new() { Timeout = Patience };
        using HttpResponseMessage answer = await http.GetAsync(new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}/livez")));
        answer.IsSuccessStatusCode.Should().BeTrue();
    }

    /// <summary>The code a send of a new connection is answered with; <see cref="NoAnswer"/> when none came in time.</summary>
    private static async Task<int> SendAsync(ServerUnderTest server, TimeSpan patience)
    {
        using CancellationTokenSource late = new(patience);
        try
        {
            await using RawConnection producer = await RawConnection.ConnectAsync(server.BrokerAddress, late.Token);
            return (await RawBroker.SendAsync(producer, Probes, 0, "probe"u8.ToArray(), late.Token)).Code;
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested)
        {
            return NoAnswer;
        }
    }
}
