using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using RocketOps.Client;
using RocketOps.Interop.Tests.Fixtures;
using RocketOps.Testing;
using RocketOps.Testing.Remoting;
using RocketOps.Testing.Rings;
using RocketOps.Testing.Servers;

namespace RocketOps.Interop.Tests;

/// <summary>
/// Batch consume queues (<c>queue.type=BatchCQ</c>): one table of answers that our broker and Apache's 5.5.0 both have to give, and a store with such queues that goes from one to the
/// other, after a clean stop and after a kill, and is gone on with there. Our consumers take the batches apart.
/// </summary>
public sealed class BatchQueueTests
{
    private const string Ours = "rocketops";
    private const string Topic = "InnerBatches";
    private const string Plain = "PlainBatches";
    private const string Separator = "\u0001";
    private const int SendMessage = 310;
    private const int SendBatchMessage = 320;
    private const int QueryConsumeQueue = 321;
    private const int QueryConsumerOffset = 14;
    private const int UpdateTopic = 17;
    private const int SearchOffsetByTimestamp = 29;
    private const int GetMaxOffset = 30;
    private const int GetMinOffset = 31;
    private const int ConsumerSendMsgBack = 36;
    private const int MessageIllegal = 13;
    private const int SystemError = 1;
    private const int InnerBatchFlag = 0x80;

    // What is read after three sends: a batch of 3, one message, a batch of 5. Each line: the offset that is pulled from, the records' first offsets, what the consumer is told next.
    private static readonly string[] Reads =
    [
        "0 of 32: 0+3 3 4+5 next 9",
        "1 of 32: 0+3 3 4+5 next 9",
        "2 of 3: 0+3 next 3",
        "0 of 4: 0+3 3 next 4",
        "0 of 8: 0+3 3 next 4",
        "3 of 1: 3 next 4",
        "4 of 1: 4+5 next 9",
        "8 of 32: 4+5 next 9",
        "9 of 32: code 19 next 9",
        "12 of 32: code 21 next 9",
        "tagged A: 0+3 next 9",
        "tagged B: code 20 next 9",
        "min 0 max 9",
        "first by time 0, last by time 4",
        "entries of 2 from 1: 1 [65], min 0 max 9",
        "entries of 4 from 1: 3 [65 0 0], min 0 max 9",
        "entries of 4 from 9: code 0 Index 9 of 0@InnerBatches is not exist!",
        "entries of no queue: code 1 7@InnerBatches is not exist!",
    ];

    /// <summary>The gate holds ours to the table, and to its own store after a kill; Apache's broker proves the table, and changes hands, with the deep tests.</summary>
    public static TheoryData<string, string, bool> HandOvers => Depth.IsDeep
        ? new() { { Ours, ApacheServer.Version5, false }, { ApacheServer.Version5, Ours, true } }
        : new() { { Ours, Ours, true } };

    /// <summary>Brokers whose batches our consumers read.</summary>
    public static TheoryData<string> Brokers => Depth.IsDeep ? [Ours, ApacheServer.Version5] : [Ours];

    [SkippableTheory]
    [MemberData(nameof(Brokers))]
    public async Task OurConsumer_OfBatches_GetsEveryMessageByItselfAndGivesOneBack(string name)
    {
        Kit.RequireWhat(name == Ours ? null : SharedKits.WhyMissing(SharedKits.RocketMq));
        using TempDirectory directory = new();
        await using ServerUnderTest server = Create(name, directory);
        await server.StartAsync();
        await using RawConnection broker = await RawConnection.ConnectAsync(server.BrokerAddress);
        (await CreateAsync(broker, Topic, "+queue.type=BatchCQ")).Code.Should().Be(RawBroker.Success);
        await SendAsync(broker, Topic, Batch(3), "UNIQ_KEY" + Separator + "FIRST");
        await SendAsync(broker, Topic, Encoding.UTF8.GetBytes("single"), string.Empty, isBatch: false);
        await SendAsync(broker, Topic, Batch(5), "UNIQ_KEY" + Separator + "SECOND");

        ConcurrentQueue<ReceivedMessage> received = new();
        RocketMqPushConsumer consumer = new(new PushConsumerOptions
        {
            NameServers = server.NameServerAddress,
            Group = "our_batch_consumer",
            ConsumeFromWhere = ConsumeFromWhere.FirstOffset,
            RequestTimeout = Eventually.DefaultDeadline,
            PullTimeout = Eventually.DefaultDeadline,
        });
        await using (consumer)
        {
            await consumer.SubscribeAsync(Topic, "*", (message, _) =>
            {
                received.Enqueue(message);
                return ValueTask.FromResult(message.Queue.Topic == Topic && message.QueueOffset == 5 ? ConsumeResult.LaterAt(1) : ConsumeResult.Success);
            });
            await consumer.StartAsync();
            await Eventually.TrueAsync(() => received.Count >= 10, $"{name}: nine come, and one of them again");
        }

        string[] expected = ["message 0", "message 1", "message 2", "single", "message 0", "message 1", "message 2", "message 3", "message 4"];
        received.Where(static message => message.Queue.Topic == Topic).OrderBy(static message => message.QueueOffset).Select(static message => (message.QueueOffset, message.GetText()))
            .Should().Equal(expected.Select(static (text, offset) => ((long)offset, text)), name);
        ReceivedMessage again = received.Should().ContainSingle(static message => message.Queue.Topic != Topic).Which;
        (again.Topic, again.GetText(), again.MessageId, again.ReconsumeTimes).Should().Be((Topic, "message 1", "inner1", 1), name);
        RawFrame committed = await broker.RequestAsync(
            QueryConsumerOffset, RawFields.Progress("our_batch_consumer", Topic, 0));
        committed.ExtFields["offset"].Should().Be("9", name);
    }

    [SkippableTheory]
    [MemberData(nameof(HandOvers))]
    public async Task Store_WithBatchQueues_AnswersTheSameAtBothBrokers(string from, string to, bool killed)
    {
        Kit.Require(SharedKits.RocketMq);
        using TempDirectory directory = new();
        await using (ServerUnderTest first = Create(from, directory))
        {
            await first.StartAsync();
            await using (RawConnection broker = await RawConnection.ConnectAsync(first.BrokerAddress))
            {
                await WriteAsync(broker, first.Name);
                (await ReadAsync(broker, 9)).Should().Equal(Reads, first.Name);
            }

            await (killed ? first.KillBrokerAsync() : first.StopBrokerAsync());
        }

        await using ServerUnderTest second = Create(to, directory);
        await second.StartAsync();
        await using RawConnection after = await RawConnection.ConnectAsync(second.BrokerAddress);
        (await ReadAsync(after, 9)).Should().Equal(Reads, second.Name);
        RawFrame sent = await SendAsync(after, Topic, Batch(2), "UNIQ_KEY" + Separator + "LATER");
        sent.ExtFields["queueOffset"].Should().Be("9", "{0} goes on where {1} stopped", second.Name, from);
        (await ReadAsync(after, 11))[0].Should().Be("0 of 32: 0+3 3 4+5 9+2 next 11");
    }

    [SkippableTheory]
    [MemberData(nameof(Brokers))]
    public async Task Offsets_OfAQueueThatHasHadNoMessage_AreThoseOfAnyEmptyQueue(string name)
    {
        Kit.RequireWhat(name == Ours ? null : SharedKits.WhyMissing(SharedKits.RocketMq));
        using TempDirectory directory = new();
        await using ServerUnderTest server = Create(name, directory);
        await server.StartAsync();
        await using RawConnection broker = await RawConnection.ConnectAsync(server.BrokerAddress);
        (await CreateAsync(broker, Topic, "+queue.type=BatchCQ")).Code.Should().Be(RawBroker.Success);

        RawFrame min = await broker.RequestAsync(GetMinOffset, RawFields.Queue(Topic, 0));

        (min.Code, min.ExtFields.GetValueOrDefault("offset")).Should().Be((RawBroker.Success, name == Ours ? "0" : "-1"), "{0}: {1}", name, min.Remark);
        (await OffsetAsync(broker, GetMaxOffset)).Should().Be(0, name);
    }

    private static async Task WriteAsync(RawConnection broker, string name)
    {
        (await CreateAsync(broker, Topic, "+queue.type=BatchCQ")).Code.Should().Be(RawBroker.Success);
        (await CreateAsync(broker, Plain, string.Empty)).Code.Should().Be(RawBroker.Success);
        RawFrame changed = await CreateAsync(broker, Topic, "+queue.type=SimpleCQ");
        (changed.Code, changed.Remark).Should().Be((SystemError, "attempt to update an unchangeable attribute. key: queue.type"), name);
        RawFrame unknown = await CreateAsync(broker, "Other", "+queue.type=Other");
        (unknown.Code, unknown.Remark).Should().Be((SystemError, "value is not in set: [SimpleCQ, BatchCQ]"), name);

        RawFrame first = await SendAsync(broker, Topic, Batch(3), "TAGS" + Separator + "A\u0002UNIQ_KEY" + Separator + "FIRST");
        first.Code.Should().Be(RawBroker.Success, first.Remark);
        first.ExtFields["queueOffset"].Should().Be("0");
        first.ExtFields["batchUniqId"].Should().Be("FIRST", name);
        first.ExtFields["transactionId"].Should().Be("FIRST", name);
        first.ExtFields["msgId"].Should().NotContain(",", "the batch is one record");
        await NextMillisecondAsync();
        RawFrame single = await SendAsync(broker, Topic, Encoding.UTF8.GetBytes("single"), string.Empty, isBatch: false);
        single.ExtFields["queueOffset"].Should().Be("3");
        single.ExtFields.Should().NotContainKey("batchUniqId");
        await NextMillisecondAsync();
        (await SendAsync(broker, Topic, Batch(5), "UNIQ_KEY" + Separator + "SECOND")).ExtFields["queueOffset"].Should().Be("4");

        // A batch without a key of its own, from an old client, and one to a plain topic: a record per message.
        RawFrame separate = await SendAsync(broker, Topic, Batch(2), string.Empty, queueId: 1);
        separate.ExtFields["msgId"].Split(',').Should().HaveCount(2, name);
        separate.ExtFields.Should().NotContainKey("batchUniqId");
        RawFrame plain = await SendAsync(broker, Plain, Batch(2), "UNIQ_KEY" + Separator + "PLAIN");
        plain.ExtFields["msgId"].Split(',').Should().HaveCount(2, name);

        (await SendAsync(broker, Topic, [1], "INNER_NUM" + Separator + "3", isBatch: false)).Code.Should().Be(MessageIllegal, name);
        (await SendAsync(broker, Plain, [1], "INNER_NUM" + Separator + "3", isBatch: false)).Code.Should().Be(MessageIllegal, name);
        (await SendAsync(broker, Plain, [1], string.Empty, isBatch: false, sysFlag: InnerBatchFlag)).Code.Should().Be(MessageIllegal, name);
        await Eventually.TrueAsync(async () => await OffsetAsync(broker, GetMaxOffset) == 9, $"{name}: everything is in its queue");
        RawRecord record = RawRecord.DecodeAll((await RawBroker.PullAsync(broker, Topic, 0, 1, 1)).Body)[0];
        (record.QueueOffset, record.SysFlag).Should().Be((0L, 0x40 | InnerBatchFlag), name);
        record.Properties.Should().Contain(KeyValuePair.Create("INNER_NUM", "3")).And.Contain(KeyValuePair.Create("INNER_BASE", "0")).And.Contain(KeyValuePair.Create("TAGS", "A"));
        record.Body.ToArray().Should().Equal(Batch(3));

        // A batch cannot be retried as a whole: consumers then send the single message to the retry topic themselves.
        RawFrame back = await broker.RequestAsync(
            ConsumerSendMsgBack, RawFields.SendBack("raw_consumer", Topic, record.PhysicalOffset, record.OffsetMessageId, delayLevel: 1));
        back.Code.Should().Be(SystemError, name);
        RawRecord.DecodeAll((await RawBroker.PullAsync(broker, Topic, 1, 0)).Body).Select(static message => (message.QueueOffset, message.SysFlag)).Should().Equal((0L, 0), (1L, 0));
    }

    /// <summary>What has been stored is older than what is stored next, by the clock that both have: a search by time tells them apart.</summary>
    private static Task NextMillisecondAsync()
    {
        long now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        return Eventually.TrueAsync(() => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() > now, "the next millisecond begins");
    }

    /// <summary>What <see cref="Reads"/> says, of a broker.</summary>
    private static async Task<List<string>> ReadAsync(RawConnection broker, long end)
    {
        List<string> lines = [];
        await Eventually.TrueAsync(async () => await OffsetAsync(broker, GetMaxOffset) == end, $"the queue ends at {end}");
        List<RawRecord> records = [];
        foreach ((long offset, int max) in ((long, int)[])[(0, 32), (1, 32), (2, 3), (0, 4), (0, 8), (3, 1), (4, 1), (8, 32), (9, 32), (12, 32)])
        {
            RawFrame answer = await RawBroker.PullAsync(broker, Topic, 0, offset, max);
            records = records.Count == 0 ? [.. RawRecord.DecodeAll(answer.Body)] : records;
            lines.Add($"{offset} of {max}: {What(answer)}");
        }

        foreach (string tag in (string[])["A", "B"])
        {
            lines.Add($"tagged {tag}: {What(await RawBroker.PullAsync(broker, Topic, 0, 0, tags: tag))}");
        }

        lines.Add($"min {await OffsetAsync(broker, GetMinOffset)} max {await OffsetAsync(broker, GetMaxOffset)}");
        long last = records[^1].StoreTimestamp;
        lines.Add($"first by time {await OffsetAsync(broker, SearchOffsetByTimestamp, records[0].StoreTimestamp)}, last by time {await OffsetAsync(broker, SearchOffsetByTimestamp, last + 1)}");
        lines.Add(await EntriesAsync(broker, 1, 2));
        lines.Add(await EntriesAsync(broker, 1, 4));
        lines.Add(await EntriesAsync(broker, 9, 4));
        RawFrame none = await broker.RequestAsync(QueryConsumeQueue, EntryFields(7, 0, 4));
        lines.Add($"entries of no queue: code {none.Code} {none.Remark}");
        return lines;
    }

    private static async Task<string> EntriesAsync(RawConnection broker, long index, int count)
    {
        RawFrame answer = await broker.RequestAsync(QueryConsumeQueue, EntryFields(0, index, count));
        if (answer.Body.IsEmpty)
        {
            return $"entries of {count} from {index}: code {answer.Code} {answer.Remark}";
        }

        JsonElement body = JsonDocument.Parse(answer.Body).RootElement;
        List<JsonElement> entries = [.. body.GetProperty("queueData").EnumerateArray()];
        string tags = string.Join(' ', entries.Select(static entry => entry.GetProperty("tagsCode").GetInt64()));
        return $"entries of {count} from {index}: {entries.Count} [{tags}], min {body.GetProperty("minQueueIndex").GetInt64()} max {body.GetProperty("maxQueueIndex").GetInt64()}";
    }

    private static Dictionary<string, string> EntryFields(int queueId, long index, int count)
    {
        Dictionary<string, string> fields = RawFields.Queue(Topic, queueId);
        fields["index"] = index.ToString(CultureInfo.InvariantCulture);
        fields["count"] = count.ToString(CultureInfo.InvariantCulture);
        return fields;
    }

    private static string What(RawFrame pulled)
    {
        string what = pulled.Code == RawBroker.Success ? string.Join(' ', RawRecord.DecodeAll(pulled.Body).Select(Name)) : $"code {pulled.Code}";
        return $"{what} next {pulled.ExtFields["nextBeginOffset"]}";
    }

    private static string Name(RawRecord record)
    {
        string? count = record.Properties.FirstOrDefault(static property => property.Key == "INNER_NUM").Value;
        return count is null ? $"{record.QueueOffset}" : $"{record.QueueOffset}+{count}";
    }

    private static async Task<long> OffsetAsync(RawConnection broker, int code, long timestamp = 0)
    {
        Dictionary<string, string> fields = RawFields.Queue(Topic, 0);
        if (code == SearchOffsetByTimestamp)
        {
            fields["timestamp"] = timestamp.ToString(CultureInfo.InvariantCulture);
        }

        RawFrame answer = await broker.RequestAsync(code, fields);
        return answer.Code == RawBroker.Success ? long.Parse(answer.ExtFields["offset"], CultureInfo.InvariantCulture) : -1;
    }

    private static Task<RawFrame> CreateAsync(RawConnection broker, string topic, string attributes)
    {
        Dictionary<string, string> fields = RawFields.Topic(topic, 2);
        fields["attributes"] = attributes;
        return broker.RequestAsync(UpdateTopic, fields);
    }

    private static Task<RawFrame> SendAsync(RawConnection broker, string topic, byte[] body, string properties, bool isBatch = true, int queueId = 0, int sysFlag = 0) => broker.RequestAsync(
        isBatch ? SendBatchMessage : SendMessage,
        RawFields.Short(RawFields.Send(topic, queueId, properties, bornTimestamp: 1_731_999_999_000, sysFlag: sysFlag), isBatch),
        body);

    /// <summary>A client batch of so many messages (remoting.md §4.6), each with tag B.</summary>
    private static byte[] Batch(int count) => [.. Enumerable.Range(0, count).SelectMany(static number =>
        RawFields.BatchEntry(Encoding.UTF8.GetBytes($"message {number}"), $"UNIQ_KEY\u0001inner{number}\u0002TAGS\u0001B\u0002"))];

    private static ServerUnderTest Create(string name, TempDirectory directory)
    {
        ServerOptions options = new()
        {
            StoreDirectory = directory.File("store"),
            Broker = new Dictionary<string, string>(StringComparer.Ordinal) { ["mappedFileSizeCommitLog"] = $"{16 * 1024 * 1024}" },
        };
        return name == Ours ? new RocketOpsServer(options) : new ApacheServer(name, options);
    }
}
