using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Json;
using RocketOps.Store.Checksums;
using RocketOps.Store.Records;
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
        using var apache = ApacheStore.Open(name);
        await using var store = await SmallStore.StartAsync(apache.Options());
        var records = apache.Lines("message").ToDictionary(line => line.GetProperty("physicalOffset").GetInt64());

        var served = 0;
        foreach (var queue in apache.Lines("queue"))
        {
            served += await ReadQueueAsync(store, queue, records);
        }

        served.Should().BeGreaterThan(400);
        store.GetStats().MaxOffset.Value.Should().Be(apache.Lines("tail").Single().GetProperty("physicalOffset").GetInt64());
    }

    [SkippableTheory]
    [InlineData("4.9.7-killed")]
    [InlineData("5.5.0-killed")]
    public async Task StartAsync_StoreOfAKilledBroker_HasEveryAcknowledgedMessage(string name)
    {
        using var apache = ApacheStore.Open(name);
        await using var store = await SmallStore.StartAsync(apache.Options());
        var checkedCount = 0;
        foreach (var acked in apache.Acked)
        {
            if (!acked.TryGetProperty("offsetMsgId", out var offsetIds))
            {
                // A transactional send: the client got the offset in the half topic.
                var half = store.FindTopic("RMQ_SYS_TRANS_HALF_TOPIC"u8);
                store.MaxOffset(half!, 0).Should().BeGreaterThan(acked.GetProperty("queueOffset").GetInt64());
                continue;
            }

            var ids = offsetIds.GetString()!.Split(',');
            foreach (var id in ids)
            {
                var offset = long.Parse(id[^16..], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
                var bytes = await store.LookMessageAsync(new PhysicalOffset(offset), CancellationToken.None);
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
        using var apache = ApacheStore.Open(name);
        long end;
        await using (var first = await SmallStore.StartAsync(apache.Options()))
        {
            first.Append("Ours", 0, "written by us");
            first.WritePending();
            end = first.GetStats().MaxOffset.Value;
        }

        await using var second = await SmallStore.StartAsync(apache.Options());

        second.GetStats().MaxOffset.Value.Should().Be(end);
        (await second.ReadAllAsync("Ours", 0)).Should().Equal("written by us");
        var records = apache.Lines("message").ToDictionary(line => line.GetProperty("physicalOffset").GetInt64());
        foreach (var queue in apache.Lines("queue"))
        {
            await ReadQueueAsync(second, queue, records);
        }
    }

    [SkippableTheory]
    [InlineData("4.9.7-clean")]
    [InlineData("5.5.0-clean")]
    public async Task QueryIndexAsync_StoreOfApache_FindsMessagesByUniqueKey(string name)
    {
        using var apache = ApacheStore.Open(name);
        await using var store = await SmallStore.StartAsync(apache.Options());
        var messages = apache.Lines("message").Where(line => line.TryGetProperty("uniqKey", out var key) && key.ValueKind == JsonValueKind.String).ToList();

        foreach (var message in messages.Where((_, i) => i % 5 == 0))
        {
            var topic = store.GetOrAddTopic(Encoding.UTF8.GetBytes(message.GetProperty("topic").GetString()!));
            var found = await store.QueryIndexAsync(topic, message.GetProperty("uniqKey").GetString()!, 64, 0, long.MaxValue, CancellationToken.None);
            found.Offsets.Should().Contain(new PhysicalOffset(message.GetProperty("physicalOffset").GetInt64()));
        }
    }

    private static async Task<int> ReadQueueAsync(MessageStore store, JsonElement queue, Dictionary<long, JsonElement> records)
    {
        var topicName = queue.GetProperty("topic").GetString()!;
        var topic = store.GetOrAddTopic(Encoding.UTF8.GetBytes(topicName));
        var queueId = queue.GetProperty("queueId").GetInt32();
        var isLight = topicName.StartsWith("%LMQ%", StringComparison.Ordinal);
        var units = queue.GetProperty("units").EnumerateArray().ToList();
        var offset = queue.GetProperty("minOffset").GetInt64();
        store.MinOffset(topic, queueId).Should().Be(offset);
        store.MaxOffset(topic, queueId).Should().BeGreaterThanOrEqualTo(queue.GetProperty("maxOffset").GetInt64());
        var result = new GetResult();
        var position = 0;
        while (position < units.Count)
        {
            var status = await store.GetMessagesAsync(topic, queueId, offset + position, new GetLimits(32), null, result, CancellationToken.None);
            status.Should().Be(GetStatus.Found, $"{topicName}/{queueId} holds offset {offset + position}");
            var bytes = new byte[result.TotalBytes];
            (await store.CopyMessagesAsync(result, bytes, CancellationToken.None)).Should().BeTrue();
            ReadOnlyMemory<byte> rest = bytes;
            while (!rest.IsEmpty && position < units.Count)
            {
                var record = rest[..BinaryPrimitives.ReadInt32BigEndian(rest.Span)];
                rest = rest[record.Length..];
                var physical = units[position][0].GetInt64();
                CheckRecord(record.Span, records[physical], topicName, isLight ? null : offset + position);
                position++;
            }
        }

        return position;
    }

    private static void CheckRecord(ReadOnlySpan<byte> bytes, JsonElement expected, string topic, long? queueOffset)
    {
        RecordView.Parse(bytes, expected.GetProperty("physicalOffset").GetInt64(), verifyCrc: true, out var record).Should().Be(RecordCheck.Valid);
        record.Size.Should().Be(expected.GetProperty("size").GetInt32());
        record.QueueId.Should().Be(expected.GetProperty("queueId").GetInt32());
        record.BodyCrc.Should().Be(expected.GetProperty("bodyCrc").GetInt32());
        record.BodyCrc.Should().Be(Crc32.ComputeForRecord(record.Body));
        record.Flag.Should().Be(expected.GetProperty("flag").GetInt32());

        // The decoder of 5.5.0, which wrote the list, clears the compression bit of bodies it has decompressed.
        var decompressed = expected.GetProperty("bodySize").GetInt32() != expected.GetProperty("storedBodySize").GetInt32();
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
        var (topic, queueId, queueOffset, physical) = Place(bytes);
        var interned = store.FindTopic(topic);
        interned.Should().NotBeNull();
        var result = new GetResult();
        (await store.GetMessagesAsync(interned!, queueId, queueOffset, new GetLimits(1), null, result, CancellationToken.None)).Should().Be(GetStatus.Found);
        result.Messages[0].Offset.Value.Should().Be(physical);
    }

    private static (byte[] Topic, int QueueId, long QueueOffset, long Physical) Place(byte[] bytes)
    {
        RecordView.Parse(bytes, -1, verifyCrc: true, out var record).Should().Be(RecordCheck.Valid);
        return (record.Topic.ToArray(), record.QueueId, record.QueueOffset, record.PhysicalOffset);
    }
}
