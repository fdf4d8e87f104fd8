using System.Text;
using System.Text.Json;
using RocketOps.Faults.Tests.Histories;
using RocketOps.Faults.Tests.Loads;
using RocketOps.Faults.Tests.Points;
using RocketOps.Testing.Remoting;
using RocketOps.Testing.Rings;
using Xunit.Abstractions;

namespace RocketOps.Faults.Tests.Kills;

/// <summary>
/// SIGKILL while a topic gets fewer queues and more: each start has the number that was acknowledged last, and queues that were taken away
/// still have their messages when they are there again.
/// </summary>
public sealed class TopicShrinkKillTests(ITestOutputHelper output)
{
    private const string Topic = "Shrinking";
    private const int MostQueues = 8;
    private const int MinChanges = 5;
    private const int MaxChanges = 40;
    private const int GetTopicConfig = 351;

    private static readonly int Kills = Depth.Of(2, deep: 30);

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private static readonly Dictionary<string, string> Settings = new(StringComparer.Ordinal)
    {
        ["mappedFileSizeCommitLog"] = "65536",
        ["mappedFileSizeConsumeQueue"] = "400",
    };

    private static readonly KillPlace Place = new("/config/topics.json", "create,write,flush,rename", Most: 12);

    private readonly AttemptLog _sends = new();
    private int _sequence;
    private int _changes;
    private int _asked = MostQueues;
    private int _acknowledged = MostQueues;

    // Deep: ConfigWriteKillTests ends brokers in the same writes.
    [Trait("ring", RingRules.Deep)]
    [SkippableFact]
    public async Task Kill_WhileATopicGetsFewerQueues_TheNumberHoldsAndNoQueueLosesMessages()
    {
        KillPoint.SkipIfMissing();
        await using DyingServer dying = await DyingServer.StartAsync(Settings);
        await ShapeAsync(dying, MostQueues);
        List<string> violations = [];
        for (int kill = 0; kill < Kills; kill++)
        {
            await using Workers workers = new();
            workers.Start(1, _ => workers.AgainAsync(dying.Server, broker => ShapeAgainAsync(broker, workers)));
            int enough = _changes + Random.Shared.Next(MinChanges, MaxChanges);
            await workers.UntilAsync(() => Volatile.Read(ref _changes) >= enough, $"queues come and go before kill {kill}", Patience);
            await dying.DieAsync(Place);
            await workers.StopAsync();
            await dying.Server.StartBrokerAsync();
            int queues = await ReadQueuesAsync(dying);
            violations.AddRange(queues == _acknowledged || queues == _asked
                ? []
                : [$"{dying.Deaths[^1]}: {queues} queues, not {_acknowledged} or {_asked}"]);
            _acknowledged = queues;
        }

        await ShapeAsync(dying, MostQueues);
        IReadOnlyList<Reading> stored = await StoredQueues.ReadAtLeastAsync(
            dying.Server.BrokerAddress, Topic, MostQueues, _sends.Acknowledged, Patience);
        string story = $"{_changes} changes, {_sends.Acknowledged} messages; deaths: {string.Join("; ", dying.Deaths)}";
        output.WriteLine(story);
        violations.AddRange(HistoryCheck.Violations(_sends.All, [], stored));
        violations.Should().BeEmpty("{0}", story);
    }

    private async Task ShapeAgainAsync(RawConnection broker, Workers workers)
    {
        while (!workers.IsStopping)
        {
            // Fewer and more in turn.
            await ShapeAsync(broker, _acknowledged > MostQueues / 2 ? Random.Shared.Next(1, 4) : Random.Shared.Next(5, MostQueues + 1));
            for (int queue = 0; queue < _acknowledged; queue++)
            {
                int to = queue;
                (await _sends.NoteAsync(0, _sequence++, to, body => RawBroker.SendAsync(broker, Topic, to, body), static code => code == 0))
                    .Should().BeTrue("queue {0} of {1} takes messages", to, _acknowledged);
            }

            Interlocked.Increment(ref _changes);
        }
    }

    private async Task ShapeAsync(DyingServer dying, int queues)
    {
        await using RawConnection broker = await RawConnection.ConnectAsync(dying.Server.BrokerAddress);
        await ShapeAsync(broker, queues);
    }

    private async Task ShapeAsync(RawConnection broker, int queues)
    {
        _asked = queues;
        (await RawBroker.CreateTopicAsync(broker, Topic, queues)).Code.Should().Be(RawBroker.Success);
        _acknowledged = queues;
    }

    private static async Task<int> ReadQueuesAsync(DyingServer dying)
    {
        await using RawConnection broker = await RawConnection.ConnectAsync(dying.Server.BrokerAddress);
        RawFrame answer = await broker.RequestAsync(GetTopicConfig, RawFields.Of(("topic", Topic)));
        answer.Code.Should().Be(RawBroker.Success, answer.Remark);
        using JsonDocument config = JsonDocument.Parse(Encoding.UTF8.GetString(answer.Body.Span));
        int read = config.RootElement.GetProperty("readQueueNums").GetInt32();
        config.RootElement.GetProperty("writeQueueNums").GetInt32().Should().Be(read, "both change at once");
        return read;
    }
}
