using System.Globalization;
using RocketOps.Broker.Tests.Support;
using RocketOps.Testing.Logging;
using RocketOps.Testing.Remoting;
using RocketOps.Testing.Rings;

namespace RocketOps.Broker.Tests.StaticTopics;

/// <summary>Mappings of any numbers: each is taken or refused, and whatever is taken, every request for its queues is answered by its handler.</summary>
public sealed class MappingFuzzTests
{
    private const int HandlerFailed = 1005;
    private const int SearchOffset = 29;
    private const int GetMaxOffset = 30;
    private const int GetMinOffset = 31;
    private const int GetEarliestStoreTime = 32;
    private const int QueryConsumerOffset = 14;
    private const int GetTopicStats = 202;

    private static readonly int Rounds = Depth.Of(150, deep: 500);
    private static readonly string[] Brokers = ["broker-a", "broker-a", "broker-b", ""];
    private static readonly long[] Offsets = [0, 0, 0, 1, 2, 100, 10_000, -1, -2, int.MaxValue, long.MaxValue, long.MaxValue - 1, long.MinValue];
    private static readonly long[] Numbers = [0, 0, 1, 1, 2, 3, -1, 65_535, 65_536, int.MaxValue, long.MaxValue];

    [Fact]
    public async Task Requests_UnderAnyMapping_AreAnsweredByTheirHandlers()
    {
        Random random = new(20_261_122);
        using RecordingLoggerFactory logs = new();
        await using TestBroker broker = await TestBroker.StartAsync(loggers: logs);
        await using RawConnection client = await RawConnection.ConnectAsync(broker.Address);
        int taken = 0;
        for (int round = 0; round < Rounds; round++)
        {
            string topic = $"Fuzzed{round}";
            string mapping = StaticTopicRows.Mapping(topic, "broker-a", 1_731_999_999_000, 2, $"0:[{Items(random)}],{Text(Pick(random, Numbers))}:[{Items(random)}]");
            RawFrame made = await StaticTopicRows.MakeAsync(client, topic, queues: 4, mapping);
            if (made.Code != RawBroker.Success)
            {
                continue;
            }

            taken++;
            foreach (int queue in (int[])[0, 1, -1])
            {
                await RawBroker.SendAsync(client, topic, queue, "x"u8.ToArray());
                await RawBroker.PullAsync(client, topic, queue, Pick(random, Offsets));
                await RawBroker.UpdateOffsetAsync(client, "fuzzed", topic, queue, Pick(random, Offsets));
                Dictionary<string, string> fields = RawFields.Progress("fuzzed", topic, queue);
                fields["timestamp"] = Text(Pick(random, Offsets));
                foreach (int code in (int[])[SearchOffset, GetMaxOffset, GetMinOffset, GetEarliestStoreTime, QueryConsumerOffset, GetTopicStats])
                {
                    await client.RequestAsync(code, fields);
                }
            }
        }

        logs.Entries.Where(static entry => entry.Event == HandlerFailed).Select(static entry => entry.Text).Should().BeEmpty();
        taken.Should().BeGreaterThan(Rounds / 20, "the mappings are not only nonsense");
    }

    private static string Items(Random random) => string.Join(',', Enumerable.Range(0, random.Next(4)).Select(i =>
    {
        // As mostly is right: the next generation, behind the one before.
        long gen = random.Next(4) == 0 ? Pick(random, Numbers) : i;
        long logic = random.Next(3) == 0 ? Pick(random, Offsets) : i * 100;
        long end = random.Next(3) == 0 ? Pick(random, Offsets) : random.Next(90);
        return $$"""{"bname":"{{Brokers[random.Next(Brokers.Length)]}}","endOffset":{{Text(end)}},"gen":{{Text(gen)}},"logicOffset":{{Text(logic)}},"queueId":{{Text(Pick(random, Numbers))}},"startOffset":{{Text(random.Next(3) == 0 ? Pick(random, Offsets) : 0)}},"timeOfEnd":-1,"timeOfStart":-1}""";
    }));

    private static long Pick(Random random, long[] from) => from[random.Next(from.Length)];

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
