using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace RocketOps.Store.Tests.Support;

/// <summary>Short ways to append and read in tests.</summary>
internal static class TestMessages
{
    public static readonly MessageHost BornHost = MessageHost.From(IPAddress.Parse("10.1.2.3"), 50123);
    public static readonly MessageHost StoreHost = MessageHost.From(IPAddress.Parse("127.0.0.1"), 10911);

    public static AppendResult Append(this MessageStore store, string topic, int queueId, string body, string properties = "", int sysFlag = 0)
    {
        var status = store.TryAppend(topic, queueId, Encoding.UTF8.GetBytes(body), out var result, properties, sysFlag);
        status.Should().Be(AppendStatus.Ok);
        return result;
    }

    public static AppendStatus TryAppend(this MessageStore store, string topic, int queueId, byte[] body, out AppendResult result, string properties = "", int sysFlag = 0) =>
        store.Append(
            new MessageToAppend
            {
                Topic = store.GetOrAddTopic(Encoding.UTF8.GetBytes(topic)),
                QueueId = queueId,
                SysFlag = sysFlag,
                BornTimestamp = 1_700_000_000_000,
                BornHost = BornHost,
                StoreHost = StoreHost,
                Body = body,
                Properties = Encoding.UTF8.GetBytes(properties),
            },
            out result);

    /// <summary>Bodies of a queue from an offset on, as the store gives them without a disk that blocks.</summary>
    public static async Task<List<string>> ReadAllAsync(this MessageStore store, string topic, int queueId, long from = 0)
    {
        List<string> bodies = [];
        var result = new GetResult();
        var interned = store.GetOrAddTopic(Encoding.UTF8.GetBytes(topic));
        while (true)
        {
            var status = store.GetMessages(interned, queueId, from, new GetLimits(32), null, result);
            if (status == GetStatus.WouldBlock)
            {
                status = await store.GetMessagesAsync(interned, queueId, from, new GetLimits(32), null, result, CancellationToken.None);
            }

            if (status != GetStatus.Found)
            {
                status.Should().BeOneOf(GetStatus.OffsetOverflowOne, GetStatus.NoMatchedLogicQueue, GetStatus.NoMessageInQueue);
                return bodies;
            }

            var bytes = new byte[result.TotalBytes];
            if (!store.TryCopyMessages(result, bytes))
            {
                (await store.CopyMessagesAsync(result, bytes, CancellationToken.None)).Should().BeTrue();
            }

            ReadOnlyMemory<byte> rest = bytes;
            var offset = from;
            while (!rest.IsEmpty)
            {
                var record = rest[..BinaryPrimitives.ReadInt32BigEndian(rest.Span)];
                rest = rest[record.Length..];
                bodies.Add(Body(record.Span, offset++));
            }

            from = result.NextBeginOffset;
        }
    }

    public static string Body(ReadOnlySpan<byte> record, long expectedQueueOffset)
    {
        Records.RecordView.Parse(record, -1, verifyCrc: true, out var view).Should().Be(Records.RecordCheck.Valid);
        view.QueueOffset.Should().Be(expectedQueueOffset);
        return Encoding.UTF8.GetString(view.Body);
    }

    /// <summary>One message of a client batch body.</summary>
    public static byte[] BatchEntry(string body, string properties = "", int flag = 0)
    {
        var bodyBytes = Encoding.UTF8.GetBytes(body);
        var propertyBytes = Encoding.UTF8.GetBytes(properties);
        var entry = new byte[22 + bodyBytes.Length + propertyBytes.Length];
        BinaryPrimitives.WriteInt32BigEndian(entry, entry.Length);
        BinaryPrimitives.WriteInt32BigEndian(entry.AsSpan(12), flag);
        BinaryPrimitives.WriteInt32BigEndian(entry.AsSpan(16), bodyBytes.Length);
        bodyBytes.CopyTo(entry, 20);
        BinaryPrimitives.WriteInt16BigEndian(entry.AsSpan(20 + bodyBytes.Length), (short)propertyBytes.Length);
        propertyBytes.CopyTo(entry, 22 + bodyBytes.Length);
        return entry;
    }
}
