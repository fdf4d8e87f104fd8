using System.Buffers.Binary;
using System.Net;
using System.Text;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Log;
using RocketOps.Store.Reading;

namespace RocketOps.Store.Tests.Support;

/// <summary>Short ways to append and read in tests.</summary>
internal static class TestMessages
{
    public static readonly MessageHost BornHost = MessageHost.From(IPAddress.Parse("10.1.2.3"), 50123);
    public static readonly MessageHost StoreHost = MessageHost.From(IPAddress.Parse("127.0.0.1"), 10911);

    /// <summary>Fields of a message of these tests; those that a test is about it sets itself.</summary>
    public static readonly RecordFields Fields = new() { BornTimestamp = 1_700_000_000_000, BornHost = BornHost, StoreHost = StoreHost };

    public static AppendResult Append(this MessageStore store, string topic, int queueId, string body, string properties = "", int sysFlag = 0)
    {
        store.TryAppendWaiting(topic, queueId, Encoding.UTF8.GetBytes(body), out AppendResult result, properties, sysFlag).Should().Be(AppendStatus.Ok);
        return result;
    }

    /// <summary>Appends, after waiting for what has to come first: the queue is loaded, there is room in memory and on the disk.</summary>
    public static AppendStatus TryAppendWaiting(this MessageStore store, string topic, int queueId, byte[] body, out AppendResult result, string properties = "", int sysFlag = 0)
    {
        AppendStatus status = store.TryAppend(topic, queueId, body, out result, properties, sysFlag);
        while (status == AppendStatus.WouldBlock)
        {
            // Failed: the store has ended meanwhile, and says so to the next append.
            store.Writer.WhenRoomAsync().GetAwaiter().GetResult().Should().BeOneOf(WaitOutcome.Reached, WaitOutcome.Failed);
            status = store.TryAppend(topic, queueId, body, out result, properties, sysFlag);
        }

        return status;
    }

    /// <summary>Appends, after loading the queue where that is needed.</summary>
    public static AppendStatus TryAppend(this MessageStore store, string topic, int queueId, byte[] body, out AppendResult result, string properties = "", int sysFlag = 0)
    {
        AppendStatus status = store.TryAppendNow(topic, queueId, body, out result, properties, sysFlag);
        return status == AppendStatus.QueueNotLoaded && (status = store.Writer.LoadQueueAsync(store.GetOrAddTopic(Encoding.UTF8.GetBytes(topic)), queueId, CancellationToken.None).AsTask().GetAwaiter().GetResult()) == AppendStatus.Ok
            ? store.TryAppendNow(topic, queueId, body, out result, properties, sysFlag)
            : status;
    }

    /// <summary>Where the queue ends.</summary>
    public static async Task<long> MaxOffsetAsync(this QueueReader reader, StoreTopic topic, int queueId) => (await reader.GetOffsetsAsync(topic, queueId, CancellationToken.None)).Max;

    /// <summary>Where the queue begins.</summary>
    public static async Task<long> MinOffsetAsync(this QueueReader reader, StoreTopic topic, int queueId) => (await reader.GetOffsetsAsync(topic, queueId, CancellationToken.None)).Min;

    /// <summary>Appends as a connection's loop does, which must not wait for the disk.</summary>
    public static AppendStatus TryAppendNow(this MessageStore store, string topic, int queueId, byte[] body, out AppendResult result, string properties = "", int sysFlag = 0) =>
        store.Writer.Append(
            new MessageToAppend
            {
                Topic = store.GetOrAddTopic(Encoding.UTF8.GetBytes(topic)),
                QueueId = queueId,
                Fields = Fields with { SysFlag = sysFlag },
                Body = body,
                Properties = Encoding.UTF8.GetBytes(properties),
            },
            out result);

    /// <summary>Bodies of a queue from an offset on, as the store gives them without a disk that blocks.</summary>
    public static async Task<List<string>> ReadAllAsync(this MessageStore store, string topic, int queueId, long from = 0)
    {
        List<string> bodies = [];
        GetResult result = new();
        StoreTopic interned = store.GetOrAddTopic(Encoding.UTF8.GetBytes(topic));
        while (true)
        {
            GetStatus status = store.Reader.GetMessages(interned, queueId, from, new GetLimits(32), null, result);
            if (status == GetStatus.WouldBlock)
            {
                status = await store.Reader.GetMessagesAsync(interned, queueId, from, new GetLimits(32), null, result, CancellationToken.None);
            }

            if (status != GetStatus.Found)
            {
                status.Should().BeOneOf(GetStatus.OffsetOverflowOne, GetStatus.NoMatchedLogicQueue, GetStatus.NoMessageInQueue);
                return bodies;
            }

            byte[] bytes = new byte[result.TotalBytes];
            if (!store.Reader.TryCopyMessages(result, bytes))
            {
                (await store.Reader.CopyMessagesAsync(result, bytes, CancellationToken.None)).Should().BeTrue();
            }

            ReadOnlyMemory<byte> rest = bytes;
            long offset = from;
            while (!rest.IsEmpty)
            {
                ReadOnlyMemory<byte> record = rest[..BinaryPrimitives.ReadInt32BigEndian(rest.Span)];
                rest = rest[record.Length..];
                bodies.Add(Body(record.Span, offset++));
            }

            from = result.NextBeginOffset;
        }
    }

    public static string Body(ReadOnlySpan<byte> record, long expectedQueueOffset)
    {
        RecordView.Parse(record, -1, verifyCrc: true, out RecordView view).Should().Be(RecordCheck.Valid);
        view.QueueOffset.Should().Be(expectedQueueOffset);
        return Encoding.UTF8.GetString(view.Body);
    }

    /// <summary>One message of a client batch body.</summary>
    public static byte[] BatchEntry(string body, string properties = "", int flag = 0)
    {
        byte[] bodyBytes = Encoding.UTF8.GetBytes(body);
        byte[] propertyBytes = Encoding.UTF8.GetBytes(properties);
        byte[] entry = new byte[22 + bodyBytes.Length + propertyBytes.Length];
        BinaryPrimitives.WriteInt32BigEndian(entry, entry.Length);
        BinaryPrimitives.WriteInt32BigEndian(entry.AsSpan(12), flag);
        BinaryPrimitives.WriteInt32BigEndian(entry.AsSpan(16), bodyBytes.Length);
        bodyBytes.CopyTo(entry, 20);
        BinaryPrimitives.WriteInt16BigEndian(entry.AsSpan(20 + bodyBytes.Length), (short)propertyBytes.Length);
        propertyBytes.CopyTo(entry, 22 + bodyBytes.Length);
        return entry;
    }
}
