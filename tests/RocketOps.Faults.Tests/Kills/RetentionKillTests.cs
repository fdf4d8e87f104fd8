using System.Globalization;
using System.Text.Json;
using RocketOps.Faults.Tests.Histories;
using RocketOps.Faults.Tests.Points;
using RocketOps.Testing;
using RocketOps.Testing.Remoting;
using RocketOps.Testing.Rings;
using Xunit.Abstractions;

namespace RocketOps.Faults.Tests.Kills;

/// <summary>
/// SIGKILL while files that have expired are removed: what has not expired stays readable without a hole, and beginnings of log and queues
/// only go forward.
/// </summary>
public sealed class RetentionKillTests(ITestOutputHelper output)
{
    private const int Producers = 4;
    private const int GetBrokerRuntimeInfo = 28;
    private const int GetMinOffset = 31;

    /// <summary>Files of the log that stay young: the one that is written, the next one, and one for what begins meanwhile.</summary>
    private const int YoungFiles = 3;
    private const int FewestFiles = YoungFiles + 4;

    // A broker's usual rounds of retention are ten seconds apart.
    private static readonly int Kills = Depth.Of(2, deep: 30);

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private static readonly KillPlace[] Places =
    [
        new("/commitlog", "remove,flush", Most: 8),
        new("/consumequeue", "remove", Most: 4),
        new("/index", "remove", Most: 1),
    ];

    // Deep: it takes as long as three of the other loops.
    [Trait("ring", RingRules.Deep)]
    [SkippableFact]
    public async Task Kill_WhileExpiredFilesAreRemoved_WhatHasNotExpiredStaysReadable()
    {
        KillPoint.SkipIfMissing();
        Dictionary<string, string> settings = Settings();
        await using DyingServer dying = await DyingServer.StartAsync(settings);
        await using KilledLoad killed = await KilledLoad.StartAsync(dying, Producers, hasKeys: true);
        long expired = 0;
        long[] begins = new long[KilledLoad.Queues + 1];
        List<string> violations = [];
        for (int kill = 0; kill < Kills; kill++)
        {
            await killed.UntilAsync(() => LogFiles(dying).Length >= FewestFiles, "the log has files");
            KillPlace place = Places[kill % Places.Length];

            // Every other time the removal meets the load, which takes its time.
            if (Depth.IsDeep && kill % 2 == 0)
            {
                expired = Expire(dying);
                await dying.DieAsync(place);
            }
            else
            {
                // A broker that finds its disk too full looks at it in each second, and takes no messages.
                await dying.Server.KillBrokerAsync();
                expired = Expire(dying);
                settings["diskSpaceWarningLevelRatio"] = "1";
                await dying.StartAndDieAsync(place);
                settings.Remove("diskSpaceWarningLevelRatio");
            }

            await dying.Server.StartBrokerAsync();
            violations.AddRange((await FindWrongBeginsAsync(dying, begins, expired)).Select(wrong => $"{dying.Deaths[^1]}: {wrong}"));
        }

        await killed.ServedAsync();
        await killed.Load.StopAsync();
        output.WriteLine(killed.Story);
        violations.AddRange(await FindLostAsync(dying, killed));
        violations.Should().BeEmpty("{0}", killed.Story);
        begins[^1].Should().BePositive("files were removed");
    }

    private static Dictionary<string, string> Settings() => new(StringComparer.Ordinal)
    {
        ["mappedFileSizeCommitLog"] = "65536",
        ["mappedFileSizeConsumeQueue"] = "1000",
        ["maxHashSlotNum"] = "100",
        ["maxIndexNum"] = "500",
        ["fileReservedTime"] = "1",
        ["deleteWhen"] = string.Join(';', Enumerable.Range(0, 24)),
    };

    private static string[] LogFiles(DyingServer dying) =>
        [.. Directory.GetFiles(Path.Combine(dying.Server.StoreDirectory, "commitlog")).Order(StringComparer.Ordinal)];

    /// <summary>Makes all files of the log old but the last ones. Returns the offset of the log where those begin.</summary>
    private static long Expire(DyingServer dying)
    {
        string[] files = LogFiles(dying);
        foreach (string file in files[..^YoungFiles])
        {
            File.SetLastWriteTimeUtc(file, DateTime.UtcNow - TimeSpan.FromHours(2));
        }

        return long.Parse(Path.GetFileName(files[^YoungFiles]), CultureInfo.InvariantCulture);
    }

    /// <summary>
    /// Beginnings of the queues, and last of the log, that went back, or of the log beyond what had expired; keeps them for the next time.
    /// </summary>
    private static async Task<IReadOnlyList<string>> FindWrongBeginsAsync(DyingServer dying, long[] begins, long expired)
    {
        List<string> wrong = [];
        await using RawConnection broker = await RawConnection.ConnectAsync(dying.Server.BrokerAddress);
        for (int queue = 0; queue < begins.Length; queue++)
        {
            long begin = queue < KilledLoad.Queues ? await BeginOfQueueAsync(broker, queue) : await BeginOfLogAsync(broker);
            if (begin < begins[queue])
            {
                wrong.Add($"number {queue} began at {begins[queue]} and begins at {begin}");
            }

            begins[queue] = begin;
        }

        if (begins[^1] > expired)
        {
            wrong.Add($"the log begins at {begins[^1]}, and had expired up to {expired}");
        }

        return wrong;
    }

    private static async Task<IReadOnlyList<string>> FindLostAsync(DyingServer dying, KilledLoad killed)
    {
        List<string> wrong = [];
        await using RawConnection broker = await RawConnection.ConnectAsync(dying.Server.BrokerAddress);
        Dictionary<string, (int Queue, long Offset)> stored = new(StringComparer.Ordinal);
        long begin = 0;
        List<Attempt> kept = [];

        // Removal may go on while this looks, and a message comes to its queue a moment after it was acknowledged.
        try
        {
            await Eventually.TrueAsync(
                async () =>
                {
                    wrong.Clear();
                    stored.Clear();
                    for (int queue = 0; queue < KilledLoad.Queues; queue++)
                    {
                        await ReadAsync(broker, queue, stored, wrong);
                    }

                    begin = await BeginOfLogAsync(broker);
                    kept = [.. killed.Load.Attempts.Where(attempt => attempt.PhysicalOffset >= begin)];
                    return wrong.Count == 0 && kept.All(attempt => IsAt(attempt, stored));
                },
                "every acknowledged message that has not expired is in its queue",
                Patience);
        }
        catch (TimeoutException)
        {
            // What is wrong is named below.
        }

        wrong.AddRange(kept.Where(attempt => !IsAt(attempt, stored))
            .Select(attempt => $"acknowledged and lost: {attempt}; log from {begin}"));
        return wrong;
    }

    private static bool IsAt(Attempt attempt, Dictionary<string, (int Queue, long Offset)> stored) =>
        stored.TryGetValue(attempt.Body, out (int Queue, long Offset) at) && at == (attempt.QueueId, attempt.AcknowledgedOffset);

    private static async Task ReadAsync(
        RawConnection broker, int queue, Dictionary<string, (int Queue, long Offset)> stored, List<string> wrong)
    {
        long next = await BeginOfQueueAsync(broker, queue);
        IReadOnlyList<RawRecord> page;
        while ((page = await StoredQueues.PullAsync(broker, KilledLoad.Topic, queue, next)).Count > 0)
        {
            foreach (Reading reading in page.Select(Reading.Of))
            {
                if (reading.QueueOffset != next || !stored.TryAdd(reading.Body, (queue, reading.QueueOffset)))
                {
                    wrong.Add($"{reading} is a second time there, or behind a hole: {next} was next");
                }

                next = reading.QueueOffset + 1;
            }
        }
    }

    private static async Task<long> BeginOfQueueAsync(RawConnection broker, int queue)
    {
        RawFrame answer = await broker.RequestAsync(GetMinOffset, RawFields.Queue(KilledLoad.Topic, queue));
        return long.Parse(answer.ExtFields["offset"], CultureInfo.InvariantCulture);
    }

    private static async Task<long> BeginOfLogAsync(RawConnection broker)
    {
        using JsonDocument answer = JsonDocument.Parse((await broker.RequestAsync(GetBrokerRuntimeInfo)).Body);
        string begin = answer.RootElement.GetProperty("table").GetProperty("commitLogMinOffset").GetString()!;
        return long.Parse(begin, CultureInfo.InvariantCulture);
    }
}
