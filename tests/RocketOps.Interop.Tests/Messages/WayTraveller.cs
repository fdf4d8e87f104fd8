using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using RocketOps.Testing;
using RocketOps.Testing.Remoting;
using RocketOps.Testing.Servers;

namespace RocketOps.Interop.Tests.Messages;

/// <summary>
/// Sends one message to a topic of its own and follows it, by plain frames that say what RocketMQ's Java clients say, so that what is compared is the broker's doing
/// alone. One connection; not safe for concurrent use.
/// </summary>
internal sealed class WayTraveller : IAsyncDisposable
{
    public const int Queue = 1;
    public const int Flag = 7;

    private const int SendMessageV2 = 310;
    private const int HeartBeat = 34;
    private const int ConsumerSendMessageBack = 36;
    private const int EndTransaction = 37;
    private const int CheckTransactionState = 39;
    private const int SendBatchMessage = 320;
    private const int SendReplyV2 = 325;
    private const int PushReply = 326;
    private const int RecallMessage = 370;
    private const int GetTimerCheckPoint = 60;
    private const int TransactionCommit = 8;
    private const int TransactionRollback = 12;
    private const int TransactionPrepared = 4;

    private readonly ServerUnderTest _server;
    private readonly RawConnection _broker;

    private WayTraveller(ServerUnderTest server, RawConnection broker, string way)
    {
        _server = server;
        _broker = broker;
        Way = way;
    }

    public string Way { get; }

    public string Topic => $"Way_{Way}";

    public string Group => $"way_group_{Way}";

    public string RetryTopic => $"%RETRY%{Group}";

    public string DeadLetterTopic => $"%DLQ%{Group}";

    /// <summary>What the producer said of the message's birth, in milliseconds since 1970.</summary>
    public long BornTimestamp { get; } = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();

    public byte[] Body { get; private set; } = [];

    /// <summary>The answer to the last send.</summary>
    public IReadOnlyDictionary<string, string> Sent { get; private set; } = new Dictionary<string, string>(StringComparer.Ordinal);

    public int ProducerPort => _broker.LocalPort;

    public string BrokerAddress => _server.BrokerAddress;

    /// <summary>The physical offset in the answer to the send: of a half, what its end names.</summary>
    public long SentPhysicalOffset => long.Parse(Sent["msgId"][^16..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    /// <summary>With a topic that is made for it.</summary>
    public static async Task<WayTraveller> StartAsync(ServerUnderTest server, string way)
    {
        WayTraveller traveller = await GoOnAsync(server, way);
        Answered(await RawBroker.CreateTopicAsync(traveller._broker, traveller.Topic, queues: 2));
        return traveller;
    }

    /// <summary>With the topic that is there already.</summary>
    public static async Task<WayTraveller> GoOnAsync(ServerUnderTest server, string way) => new(server, await RawConnection.ConnectAsync(server.BrokerAddress), way);

    public ValueTask DisposeAsync() => _broker.DisposeAsync();

    /// <summary>SEND_MESSAGE_V2, as Java clients send.</summary>
    /// <param name="topic">Where to.</param>
    /// <param name="properties">More than every message here carries: <c>NAME=value</c>.</param>
    /// <param name="sysFlag">As in the message.</param>
    /// <param name="reconsumeTimes">As a consumer says that sends a message to its retry topic by itself.</param>
    /// <param name="queue">Queue of the topic.</param>
    public async Task SendAsync(string topic, string[]? properties = null, int sysFlag = 0, int reconsumeTimes = 0, int queue = Queue)
    {
        Body = Body.Length == 0 ? Encoding.UTF8.GetBytes("body of " + Way) : Body;
        Dictionary<string, string> fields = SendFields(
            topic, ["KEYS=k1 k2", "TAGS=TagA", $"UNIQ_KEY={Way}", "WAIT=true", "own=ключ 値", .. properties ?? []],
            queue, sysFlag, reconsumeTimes);
        Sent = Answered(await _broker.RequestAsync(SendMessageV2, RawFields.Short(fields), Body)).ExtFields;
    }

    /// <summary>SEND_REPLY_MESSAGE_V2 of a consumer, to a client that waits for it and is handed it on before the sender is answered.</summary>
    public async Task SendReplyAsync(string topic)
    {
        await using RawConnection asker = await RawConnection.ConnectAsync(_server.BrokerAddress);
        Answered(await asker.RequestAsync(HeartBeat, body: RawFields.Heartbeat($"{Way}@asker", producers: [Group])));
        Body = Encoding.UTF8.GetBytes("body of " + Way);
        Dictionary<string, string> fields = SendFields(
            topic, ["KEYS=k1 k2", "TAGS=TagA", $"UNIQ_KEY={Way}", "WAIT=true", "own=ключ 値", "CORRELATION_ID=c-1", $"REPLY_TO_CLIENT={Way}@asker", "MSG_TYPE=reply"], queue: 0);
        Task<RawFrame> answering = _broker.RequestAsync(SendReplyV2, RawFields.Short(fields), Body);
        using CancellationTokenSource deadline = new(Eventually.DefaultDeadline);
        RawFrame pushed = await asker.ReceiveAsync(deadline.Token) ?? throw new EndOfStreamException("closed instead of a reply");
        pushed.Code.Should().Be(PushReply);
        await asker.SendAsync((RawFrame.Request(0, pushed.Opaque) with { Flag = 1 }).Encode(), deadline.Token);
        Sent = Answered(await answering).ExtFields;
    }

    /// <summary>RECALL_MESSAGE of what was sent last.</summary>
    public async Task RecallAsync() => Answered(
        await _broker.RequestAsync(RecallMessage, RawFields.Recall(Group, Topic, Sent["recallHandle"])));

    /// <summary>How many messages the broker has taken from its timer topic and noted, counting from 0: RocketMQ notes the offset of the last, ours that of the next.</summary>
    public async Task<long> TimersNotedAsync()
    {
        RawFrame answer = await _broker.RequestAsync(GetTimerCheckPoint);
        return answer.Code == RawBroker.Success ? BinaryPrimitives.ReadInt64BigEndian(answer.Body.Span[16..]) : -1;
    }

    /// <summary>A send whose body the client has compressed.</summary>
    public async Task SendCompressedAsync(int sysFlag)
    {
        using MemoryStream compressed = new();
        using (ZLibStream zlib = new(compressed, CompressionLevel.Fastest, leaveOpen: true))
        {
            zlib.Write(Encoding.UTF8.GetBytes(new string('z', 5_000)));
        }

        Body = compressed.ToArray();
        await SendAsync(Topic, sysFlag: sysFlag);
    }

    /// <summary>Two messages in a batch; the second is the one that is followed. Batch body: remoting.md §4.6.</summary>
    public async Task SendBatchAsync()
    {
        Body = Encoding.UTF8.GetBytes("body of " + Way);
        using MemoryStream batch = new();
        foreach (string key in (string[])["first", Way])
        {
            batch.Write(RawFields.BatchEntry(
                Body, Encode(["KEYS=k1 k2", "TAGS=TagA", $"UNIQ_KEY={key}", "WAIT=true", "own=ключ 値"]), Flag));
        }

        Dictionary<string, string> fields = SendFields(Topic, ["WAIT=true"]);
        Sent = Answered(await _broker.RequestAsync(SendBatchMessage, RawFields.Short(fields, batch: true), batch.ToArray())).ExtFields;
    }

    /// <summary>HEART_BEAT of a consumer: the broker makes the group and its retry topic.</summary>
    public async Task BecomeConsumerAsync() => Answered(await _broker.RequestAsync(
        HeartBeat,
        body: RawFields.Heartbeat(
            $"{Way}@consumer", [RawFields.Consumer(Group, [RawFields.Subscription(Topic)], "CONSUME_FROM_FIRST_OFFSET")])));

    /// <summary>HEART_BEAT of a producer: the broker asks it about its transactions.</summary>
    public async Task BecomeProducerAsync() => Answered(await _broker.RequestAsync(
        HeartBeat, body: RawFields.Heartbeat($"{Way}@producer", producers: [Group])));

    /// <summary>CONSUMER_SEND_MSG_BACK.</summary>
    public async Task SendBackAsync(RawRecord message, int delayLevel) => Answered(await _broker.RequestAsync(
        ConsumerSendMessageBack, RawFields.SendBack(Group, message.Topic, message.PhysicalOffset, message.OffsetMessageId, delayLevel)));

    /// <summary>SEND_MESSAGE of a half.</summary>
    public Task SendHalfAsync(params string[] properties) => SendAsync(Topic, ["TRAN_MSG=true", $"PGROUP={Group}", .. properties], TransactionPrepared);

    /// <summary>END_TRANSACTION that commits what was sent last.</summary>
    public Task CommitAsync() => EndAsync(TransactionCommit, long.Parse(Sent["queueOffset"], CultureInfo.InvariantCulture), SentPhysicalOffset, answersCheck: false);

    /// <summary>END_TRANSACTION that takes back what was sent last.</summary>
    public Task RollBackAsync() => EndAsync(TransactionRollback, long.Parse(Sent["queueOffset"], CultureInfo.InvariantCulture), SentPhysicalOffset, answersCheck: false);

    /// <summary>Waits for CHECK_TRANSACTION_STATE and commits what it asks about; the physical offset of that half.</summary>
    public async Task<long> CommitWhenAskedAsync()
    {
        RawRecord half = await AskedAsync();
        await CommitAsync(half);
        return half.PhysicalOffset;
    }

    /// <summary>Commits the half that was asked about.</summary>
    public Task CommitAsync(RawRecord half) => EndAsync(TransactionCommit, half.QueueOffset, half.PhysicalOffset, answersCheck: true);

    /// <summary>Waits for CHECK_TRANSACTION_STATE: the half that it asks about.</summary>
    public async Task<RawRecord> AskedAsync()
    {
        using CancellationTokenSource deadline = new(Eventually.DefaultDeadline);
        while (true)
        {
            RawFrame frame = await _broker.ReceiveAsync(deadline.Token) ?? throw new EndOfStreamException("closed instead of a question");
            if (frame.Code == CheckTransactionState && !frame.IsResponse)
            {
                RawRecord half = RawRecord.Decode(frame.Body);
                frame.ExtFields["commitLogOffset"].Should().Be(Text(half.PhysicalOffset));
                frame.ExtFields["tranStateTableOffset"].Should().Be(Text(half.QueueOffset));
                return half;
            }
        }
    }

    /// <summary>Pulls until the message is there, whichever of the queues it is in.</summary>
    public async Task<RawRecord> ReceiveAsync(string topic, int queues = 2, long from = 0)
    {
        IReadOnlyList<RawRecord> found = [];
        await Eventually.TrueAsync(async () => (found = await ReadAsync(topic, queues, from)).Count > 0, $"{_server.Name}: {Way} in {topic}");
        return found[0];
    }

    /// <summary>What was sent last, from a queue that others send to as well.</summary>
    public Task<RawRecord> ReceiveSentAsync(string topic) => ReceiveAsync(topic, queues: 1, long.Parse(Sent["queueOffset"], CultureInfo.InvariantCulture));

    /// <summary>The copies of the message that are there now.</summary>
    public async Task<IReadOnlyList<RawRecord>> ReadAsync(string topic, int queues = 2, long from = 0)
    {
        List<RawRecord> found = [];
        for (int queue = 0; queue < queues; queue++)
        {
            RawFrame answer = await RawBroker.PullAsync(_broker, topic, queue, from);
            if (answer.Code == RawBroker.Success)
            {
                found.AddRange(RawRecord.DecodeAll(answer.Body).Where(record => record.Properties.Contains(KeyValuePair.Create("UNIQ_KEY", Way))));
            }
        }

        return found;
    }

    private static string Encode(IEnumerable<string> properties) => string.Concat(properties.Select(static property => property.Replace('=', '\u0001') + '\u0002'));

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static RawFrame Answered(RawFrame answer)
    {
        answer.Code.Should().Be(RawBroker.Success, answer.Remark ?? string.Empty);
        return answer;
    }

    private async Task EndAsync(int end, long queueOffset, long physicalOffset, bool answersCheck) => Answered(await _broker.RequestAsync(EndTransaction, new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["topic"] = Topic,
        ["producerGroup"] = Group,
        ["tranStateTableOffset"] = Text(queueOffset),
        ["commitLogOffset"] = Text(physicalOffset),
        ["commitOrRollback"] = Text(end),
        ["fromTransactionCheck"] = answersCheck ? "true" : "false",
        ["msgId"] = Way,
        ["transactionId"] = Way,
    }));

    private Dictionary<string, string> SendFields(
        string topic, IEnumerable<string> properties, int queue = Queue, int sysFlag = 0, int reconsumeTimes = 0) =>
        RawFields.Send(topic, queue, Encode(properties), Group, BornTimestamp, Flag, sysFlag, reconsumeTimes);
}
