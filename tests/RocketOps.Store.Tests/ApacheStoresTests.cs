using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Json;
using RocketOps.Protocol.Names;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Reading;
using RocketOps.Store.Tests.Support;

namespace RocketOps.Store.Tests;

/// <summary>Stores written by Apache RocketMQ 4.9.7 and 5.5.0 open here, and everything they hold is read back through the queues.</summary>
public sealed class ApacheStoresTests
{
    [SkippableTheory]
    [InlineData("4.9.7-clean")]
    [InlineData("4.9.7-killed")]
    [InlineData("4.9.7-pair/master")]
    [InlineData("4.9.7-pair/slave")]
    [InlineData("5.5.0-clean")]
    [InlineData("5.5.0-killed")]
    public async Task StartAsync_StoreOfApache_ServesEveryListedMessage(string name)
    {
        using ApacheStore apache = ApacheStore.Open(name);
        await using MessageStore store = await SmallStore.StartAsync(apache.Options());
        Dictionary<long, JsonElement> records = apache.Lines("message").ToDictionary(line => line.GetProperty("physicalOffset").GetInt64());

        int served = 0;
        foreach (JsonElement queue in apache.Lines("queue"))
        {
            served += await ReadQueueAsync(store, queue, records);
        }

        served.Should().BeGreaterThan(400);
        store.GetStats().MaxOffset.Value.Should().Be(apache.Lines("tail").Single().GetProperty("physicalOffset").GetInt64());
    }

    [SkippableFact]
    public async Task StartAsync_BatchConsumeQueuesOfApache_ServeEveryBatchFromEachOfItsOffsets()
    {
        using ApacheStore apache = ApacheStore.Open("5.5.0-clean");
        await using MessageStore store = await SmallStore.StartAsync(apache.Options());
        List<JsonElement> queues = [.. apache.Lines("batchQueue")];
        queues.Should().NotBeEmpty();
        foreach (JsonElement queue in queues)
        {
            StoreTopic topic = store.GetOrAddTopic(Encoding.UTF8.GetBytes(queue.GetProperty("topic").GetString()!));
            int queueId = queue.GetProperty("queueId").GetInt32();
            GetResult result = new();
            long end = 0;
            foreach (JsonElement unit in queue.GetProperty("units").EnumerateArray())
            {
                long start = unit[4].GetInt64();
                end = start + unit[5].GetInt64();
                for (long offset = start; offset < end; offset++)
                {
                    (await store.Reader.GetMessagesAsync(topic, queueId, offset, new GetLimits(1), null, result, CancellationToken.None)).Should().Be(GetStatus.Found);
                    result.Messages.ToArray().Should().Equal(new MessageRange(new PhysicalOffset(unit[0].GetInt64()), unit[1].GetInt32()));
                    result.NextBeginOffset.Should().Be(end);
                }

                (await store.Reader.StoreTimestampAtAsync(topic, queueId, end - 1, CancellationToken.None)).Should().Be(unit[3].GetInt64());
            }

            (await store.Reader.GetOffsetsAsync(topic, queueId, CancellationToken.None)).Should().Be(new QueueOffsets(0, end));
        }
    }

    [SkippableTheory]
    [InlineData("4.9.7-killed")]
    [InlineData("5.5.0-killed")]
    public async Task StartAsync_StoreOfAKilledBroker_HasEveryAcknowledgedMessage(string name)
    {
        using ApacheStore apache = ApacheStore.Open(name);
        await using MessageStore store = await SmallStore.StartAsync(apache.Options());
        int checkedCount = 0;
        foreach (JsonElement acked in apache.Acked)
        {
            if (!acked.TryGetProperty("offsetMsgId", out JsonElement offsetIds))
            {
                // A transactional send: the client got the offset in the half topic.
                StoreTopic? half = store.FindTopic("RMQ_SYS_TRANS_HALF_TOPIC"u8);
                (await store.Reader.MaxOffsetAsync(half!, 0)).Should().BeGreaterThan(acked.GetProperty("queueOffset").GetInt64());
                continue;
            }

            string[] ids = offsetIds.GetString()!.Split(',');
            foreach (string id in ids)
            {
                long offset = long.Parse(id[^16..], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
                byte[]? bytes = await store.Reader.LookMessageAsync(new PhysicalOffset(offset), CancellationToken.None);
                bytes.Should().NotBeNull($"{id} was acknowledged");
                await CheckReadableAsync(store, bytes!);
                checkedCount++;
            }
        }

        checkedCount.Should().BeGreaterThan(1800);
    }

    [SkippableTheory]
    [InlineData("4.9.7-clean")]
    [InlineData("5.5.0-killed")]
    public async Task StartAsync_StoreOfApacheOpenedTwice_IsTheSame(string name)
    {
        using ApacheStore apache = ApacheStore.Open(name);
        long end;
        await using (MessageStore first = await SmallStore.StartAsync(apache.Options()))
        {
            first.Append("Ours", 0, "written by us");
            first.Writer.WritePending();
            end = first.GetStats().MaxOffset.Value;
        }

        await using MessageStore second = await SmallStore.StartAsync(apache.Options());

        second.GetStats().MaxOffset.Value.Should().Be(end);
        (await second.ReadAllAsync("Ours", 0)).Should().Equal("written by us");
        Dictionary<long, JsonElement> records = apache.Lines("message").ToDictionary(line => line.GetProperty("physicalOffset").GetInt64());
        foreach (JsonElement queue in apache.Lines("queue"))
        {
            await ReadQueueAsync(second, queue, records);
        }
    }

    [SkippableTheory]
    [InlineData("4.9.7-clean")]
    [InlineData("5.5.0-clean")]
    public async Task QueryIndexAsync_StoreOfApache_FindsMessagesByUniqueKey(string name)
    {
        using ApacheStore apache = ApacheStore.Open(name);
        await using MessageStore store = await SmallStore.StartAsync(apache.Options());
        List<JsonElement> messages = apache.Lines("message").Where(line => line.TryGetProperty("uniqKey", out JsonElement key) && key.ValueKind == JsonValueKind.String).ToList();

        foreach (JsonElement message in messages.Where((_, i) => i % 5 == 0))
        {
            StoreTopic topic = store.GetOrAddTopic(Encoding.UTF8.GetBytes(message.GetProperty("topic").GetString()!));
            IndexQueryResult found = await store.Reader.QueryIndexAsync(topic, message.GetProperty("uniqKey").GetString()!, 64, 0, long.MaxValue, CancellationToken.None);
            found.Offsets.Should().Contain(new PhysicalOffset(message.GetProperty("physicalOffset").GetInt64()));
        }
    }

    private static async Task<int> ReadQueueAsync(MessageStore store, JsonElement queue, Dictionary<long, JsonElement> records)
    {
        string topicName = queue.GetProperty("topic").GetString()!;
        StoreTopic topic = store.GetOrAddTopic(Encoding.UTF8.GetBytes(topicName));
        int queueId = queue.GetProperty("queueId").GetInt32();
        bool isLight = TopicNames.IsLight(topicName);
        List<JsonElement> units = queue.GetProperty("units").EnumerateArray().ToList();
        long offset = queue.GetProperty("minOffset").GetInt64();
        (await store.Reader.MinOffsetAsync(topic, queueId)).Should().Be(offset);
        (await store.Reader.MaxOffsetAsync(topic, queueId)).Should().BeGreaterThanOrEqualTo(queue.GetProperty("maxOffset").GetInt64());
        GetResult result = new();
        int position = 0;
        while (position < units.Count)
        {
            GetStatus status = await store.Reader.GetMessagesAsync(topic, queueId, offset + position, new GetLimits(32), null, result, CancellationToken.None);
            status.Should().Be(GetStatus.Found, $"{topicName}/{queueId} holds offset {offset + position}");
            byte[] bytes = new byte[result.TotalBytes];
            (await store.Reader.CopyMessagesAsync(result, bytes, CancellationToken.None)).Should().BeTrue();
            ReadOnlyMemory<byte> rest = bytes;
            while (!rest.IsEmpty && position < units.Count)
            {
                ReadOnlyMemory<byte> record = rest[..BinaryPrimitives.ReadInt32BigEndian(rest.Span)];
                rest = rest[record.Length..];
                long physical = units[position][0].GetInt64();
                CheckRecord(record.Span, records[physical], topicName, isLight ? null : offset + position);
                position++;
            }
        }

        return position;
    }

    private static void CheckRecord(ReadOnlySpan<byte> bytes, JsonElement expected, string topic, long? queueOffset)
    {
        RecordView.Parse(bytes, expected.GetProperty("physicalOffset").GetInt64(), verifyCrc: true, out RecordView record).Should().Be(RecordCheck.Valid);
        record.Size.Should().Be(expected.GetProperty("size").GetInt32());
        record.QueueId.Should().Be(expected.GetProperty("queueId").GetInt32());
        record.BodyCrc.Should().Be(expected.GetProperty("bodyCrc").GetInt32());
        record.BodyCrc.Should().Be(MaskedCrc32.Compute(record.Body));
        record.Flag.Should().Be(expected.GetProperty("flag").GetInt32());

        // The decoder of 5.5.0, which wrote the list, clears the compression bit of bodies it has decompressed.
        bool decompressed = expected.GetProperty("bodySize").GetInt32() != expected.GetProperty("storedBodySize").GetInt32();
        (record.SysFlag & (decompressed ? ~1 : -1)).Should().Be(expected.GetProperty("sysFlag").GetInt32() & (decompressed ? ~1 : -1));
        record.Body.Length.Should().Be(expected.GetProperty("storedBodySize").GetInt32());
        record.BornTimestamp.Should().Be(expected.GetProperty("bornTimestamp").GetInt64());
        record.BornHost.ToString().Should().Be(expected.GetProperty("bornHost").GetString());
        record.StoreTimestamp.Should().Be(expected.GetProperty("storeTimestamp").GetInt64());
        record.StoreHost.ToString().Should().Be(expected.GetProperty("storeHost").GetString());
        record.ReconsumeTimes.Should().Be(expected.GetProperty("reconsumeTimes").GetInt32());
        record.PreparedTransactionOffset.Should().Be(expected.GetProperty("preparedTransactionOffset").GetInt64());
        if (queueOffset is { } offset)
        {
            Encoding.UTF8.GetString(record.Topic).Should().Be(topic);
            record.QueueOffset.Should().Be(offset);
        }
    }

    private static async Task CheckReadableAsync(MessageStore store, byte[] bytes)
    {
        (byte[] topic, int queueId, long queueOffset, long physical) = Place(bytes);
        StoreTopic? interned = store.FindTopic(topic);
        interned.Should().NotBeNull();
        GetResult result = new();
        (await store.Reader.GetMessagesAsync(interned!, queueId, queueOffset, new GetLimits(1), null, result, CancellationToken.None)).Should().Be(GetStatus.Found);
        result.Messages[0].Offset.Value.Should().Be(physical);
    }

    private static (byte[] Topic, int QueueId, long QueueOffset, long Physical) Place(byte[] bytes)
    {
        RecordView.Parse(bytes, -1, verifyCrc: true, out RecordView record).Should().Be(RecordCheck.Valid);
        return (record.Topic.ToArray(), record.QueueId, record.QueueOffset, record.PhysicalOffset);
    }
}
