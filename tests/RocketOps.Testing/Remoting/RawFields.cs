using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace RocketOps.Testing.Remoting;

/// <summary>
/// Fields and bodies of requests as RocketMQ's Java clients and tools write them (remoting.md §2.2 to §2.4), by the tests' own few lines: no code of
/// the product is in them. A test that wants an odd request sets a field of the result over, or takes it away.
/// </summary>
public static class RawFields
{
    /// <summary>Bit 1 of a pull's sysFlag: it may wait (remoting.md §2.3).</summary>
    public const int MayWait = 1 << 1;

    /// <summary>Bit 2 of a pull's sysFlag: it carries its own subscription (remoting.md §2.3).</summary>
    public const int HasSubscription = 1 << 2;

    // Template of topics that are made by a send.
    private const string DefaultTopic = "TBW102";

    // The names of SEND_MESSAGE_V2 (remoting.md §2.2).
    private static readonly (string Short, string Long)[] ShortNames =
    [
        ("a", "producerGroup"), ("b", "topic"), ("c", "defaultTopic"), ("d", "defaultTopicQueueNums"), ("e", "queueId"), ("f", "sysFlag"),
        ("g", "bornTimestamp"), ("h", "flag"), ("i", "properties"), ("j", "reconsumeTimes"), ("k", "unitMode"),
    ];

    /// <summary>Any fields.</summary>
    public static Dictionary<string, string> Of(params IEnumerable<(string Name, string Value)> fields) =>
        fields.ToDictionary(static field => field.Name, static field => field.Value, StringComparer.Ordinal);

    /// <summary>SEND_MESSAGE.</summary>
    /// <param name="topic">Where to.</param>
    /// <param name="queueId">Queue of the topic.</param>
    /// <param name="properties">As they are encoded.</param>
    /// <param name="group">The producer's.</param>
    /// <param name="bornTimestamp">Milliseconds since 1970; now where it is no matter.</param>
    /// <param name="flag">The message's own.</param>
    /// <param name="sysFlag">As in the message.</param>
    /// <param name="reconsumeTimes">As a consumer says that sends a message to its retry topic by itself.</param>
    /// <param name="queues">Of the topic, when it is made by this.</param>
    public static Dictionary<string, string> Send(
        string topic, int queueId = 0, string properties = "", string group = "raw_producer", long? bornTimestamp = null, int flag = 0,
        int sysFlag = 0, int reconsumeTimes = 0, int queues = 4) => Of(
            ("producerGroup", group),
            ("topic", topic),
            ("defaultTopic", DefaultTopic),
            ("defaultTopicQueueNums", Text(queues)),
            ("queueId", Text(queueId)),
            ("sysFlag", Text(sysFlag)),
            ("bornTimestamp", Text(bornTimestamp ?? DateTimeOffset.UtcNow.ToUnixTimeMilliseconds())),
            ("flag", Text(flag)),
            ("properties", properties),
            ("reconsumeTimes", Text(reconsumeTimes)),
            ("unitMode", "false"));

    /// <summary>The same by the short names of SEND_MESSAGE_V2, SEND_BATCH_MESSAGE and SEND_REPLY_MESSAGE_V2.</summary>
    /// <param name="send">By their long names.</param>
    /// <param name="batch">Whether the body is a batch; null leaves the field out.</param>
    public static Dictionary<string, string> Short(IReadOnlyDictionary<string, string> send, bool? batch = false)
    {
        Dictionary<string, string> fields = Of(ShortNames.Select(names => (names.Short, send[names.Long])));
        if (batch is { } isBatch)
        {
            fields["m"] = Text(isBatch);
        }

        return fields;
    }

    /// <summary>One message of a client batch (remoting.md §4.6).</summary>
    public static byte[] BatchEntry(ReadOnlySpan<byte> body, string properties = "", int flag = 0)
    {
        // All integers big-endian.
        //   off   size  field
        //   0     4     totalSize
        //   4     4     magic            0
        //   8     4     bodyCrc          0
        //   12    4     flag
        //   16    4     bodyLength       n
        //   20    n     body
        //   20+n  2     propertiesLength
        //   22+n        properties
        byte[] encoded = Encoding.UTF8.GetBytes(properties);
        byte[] entry = new byte[22 + body.Length + encoded.Length];
        BinaryPrimitives.WriteInt32BigEndian(entry, entry.Length);
        BinaryPrimitives.WriteInt32BigEndian(entry.AsSpan(12), flag);
        BinaryPrimitives.WriteInt32BigEndian(entry.AsSpan(16), body.Length);
        body.CopyTo(entry.AsSpan(20));
        BinaryPrimitives.WriteInt16BigEndian(entry.AsSpan(20 + body.Length), (short)encoded.Length);
        encoded.CopyTo(entry.AsSpan(22 + body.Length));
        return entry;
    }

    /// <summary>PULL_MESSAGE.</summary>
    /// <param name="group">The consumer's.</param>
    /// <param name="topic">Where from.</param>
    /// <param name="queueId">Queue of the topic.</param>
    /// <param name="offset">The first message.</param>
    /// <param name="maxMessages">At most so many.</param>
    /// <param name="sysFlag">Its bits.</param>
    /// <param name="progress">Offset that is committed by this where sysFlag says so.</param>
    /// <param name="waitMs">For so long it may wait where sysFlag says that it may.</param>
    /// <param name="subscription">Tags, or an expression; null leaves the field out.</param>
    /// <param name="subVersion">Of the subscription, or of that of the heartbeats.</param>
    /// <param name="expressionType">Of the subscription.</param>
    public static Dictionary<string, string> Pull(
        string group, string topic, int queueId, long offset, int maxMessages = 32, int sysFlag = HasSubscription, long progress = 0,
        long waitMs = 0, string? subscription = "*", long subVersion = 0, string expressionType = "TAG")
    {
        Dictionary<string, string> fields = Progress(group, topic, queueId);
        fields["queueOffset"] = Text(offset);
        fields["maxMsgNums"] = Text(maxMessages);
        fields["sysFlag"] = Text(sysFlag);
        fields["commitOffset"] = Text(progress);
        fields["suspendTimeoutMillis"] = Text(waitMs);
        if (subscription is not null)
        {
            fields["subscription"] = subscription;
        }

        fields["subVersion"] = Text(subVersion);
        fields["expressionType"] = expressionType;
        return fields;
    }

    /// <summary>A queue: GET_MAX_OFFSET, GET_MIN_OFFSET, GET_EARLIEST_MSG_STORETIME.</summary>
    public static Dictionary<string, string> Queue(string topic, int queueId) => Of(("topic", topic), ("queueId", Text(queueId)));

    /// <summary>How far a group is: QUERY_CONSUMER_OFFSET.</summary>
    public static Dictionary<string, string> Progress(string group, string topic, int queueId) =>
        Of(("consumerGroup", group), ("topic", topic), ("queueId", Text(queueId)));

    /// <summary>UPDATE_CONSUMER_OFFSET.</summary>
    public static Dictionary<string, string> Commit(string group, string topic, int queueId, long offset)
    {
        Dictionary<string, string> fields = Progress(group, topic, queueId);
        fields["commitOffset"] = Text(offset);
        return fields;
    }

    /// <summary>CONSUMER_SEND_MSG_BACK.</summary>
    /// <param name="group">Whose retry topic it goes to.</param>
    /// <param name="topic">Where it came from.</param>
    /// <param name="physicalOffset">Where it is in the broker's log.</param>
    /// <param name="messageId">Its id.</param>
    /// <param name="delayLevel">0: as the broker chooses.</param>
    public static Dictionary<string, string> SendBack(string group, string topic, long physicalOffset, string messageId, int delayLevel) =>
        Of(
            ("offset", Text(physicalOffset)),
            ("group", group),
            ("delayLevel", Text(delayLevel)),
            ("originMsgId", messageId),
            ("originTopic", topic),
            ("unitMode", "false"),
            ("maxReconsumeTimes", "16"));

    /// <summary>RECALL_MESSAGE of what a send with a time of delivery was answered with the handle.</summary>
    public static Dictionary<string, string> Recall(string group, string topic, string handle) =>
        Of(("producerGroup", group), ("topic", topic), ("recallHandle", handle));

    /// <summary>UPDATE_AND_CREATE_TOPIC.</summary>
    /// <param name="topic">Its name.</param>
    /// <param name="readQueues">Queues to read from.</param>
    /// <param name="writeQueues">Queues to write to; as many where nothing is said.</param>
    /// <param name="perm">4 to read, 2 to write.</param>
    public static Dictionary<string, string> Topic(string topic, int readQueues, int? writeQueues = null, int perm = 6) => Of(
        ("topic", topic),
        ("defaultTopic", DefaultTopic),
        ("readQueueNums", Text(readQueues)),
        ("writeQueueNums", Text(writeQueues ?? readQueues)),
        ("perm", Text(perm)),
        ("topicFilterType", "SINGLE_TAG"),
        ("topicSysFlag", "0"),
        ("order", "false"));

    /// <summary>The body of UPDATE_AND_CREATE_SUBSCRIPTIONGROUP.</summary>
    /// <param name="name">The group's.</param>
    /// <param name="consume">Whether it may.</param>
    /// <param name="retryQueues">Queues of its retry topic.</param>
    /// <param name="more">Members that not every test writes, their values as JSON.</param>
    public static byte[] Group(string name, bool consume = true, int retryQueues = 1, params IEnumerable<(string Name, string Json)> more)
    {
        string queues = Text(retryQueues);
        return Encoding.UTF8.GetBytes(
            $$"""{"groupName":"{{name}}","consumeEnable":{{Text(consume)}},"retryQueueNums":{{queues}},"retryMaxTimes":16{{Members(more)}}}""");
    }

    /// <summary>The body of HEART_BEAT.</summary>
    /// <param name="clientId">Who it is.</param>
    /// <param name="consumers">Its consumer groups, as <see cref="Consumer"/> writes them.</param>
    /// <param name="producers">Names of its producer groups.</param>
    /// <param name="more">Members that not every client writes, their values as JSON.</param>
    public static byte[] Heartbeat(
        string clientId, IEnumerable<string>? consumers = null, IEnumerable<string>? producers = null,
        params IEnumerable<(string Name, string Json)> more)
    {
        string consuming = string.Join(',', consumers ?? []);
        string producing = string.Join(',', (producers ?? []).Select(static group => $$"""{"groupName":"{{group}}"}"""));
        return Encoding.UTF8.GetBytes(
            $$"""{"clientID":"{{clientId}}","consumerDataSet":[{{consuming}}],"producerDataSet":[{{producing}}]{{Members(more)}}}""");
    }

    /// <summary>A consumer group in a heartbeat.</summary>
    /// <param name="group">Its name.</param>
    /// <param name="subscriptions">As <see cref="Subscription"/> writes them.</param>
    /// <param name="from">Where a group begins that has read nothing.</param>
    /// <param name="type">Whether it is pushed to or pulls.</param>
    /// <param name="model">Whether its members share the messages or each get all.</param>
    public static string Consumer(
        string group, IEnumerable<string> subscriptions, string from = "CONSUME_FROM_LAST_OFFSET", string type = "CONSUME_PASSIVELY",
        string model = "CLUSTERING") =>
        $$"""
        {"consumeFromWhere":"{{from}}","consumeType":"{{type}}","groupName":"{{group}}","messageModel":"{{model}}",
        "subscriptionDataSet":[{{string.Join(',', subscriptions)}}],"unitMode":false}
        """;

    /// <summary>A subscription in a heartbeat; one to tags has a single tag at most.</summary>
    public static string Subscription(string topic, string expression = "*", string type = "TAG", long version = 1)
    {
        bool isTag = type == "TAG" && expression != "*";
        string codes = isTag ? Text(HashCode(expression)) : string.Empty;
        string tags = isTag ? $"\"{expression}\"" : string.Empty;
        return
            $$"""
            {"classFilterMode":false,"codeSet":[{{codes}}],"expressionType":"{{type}}","subString":"{{expression}}",
            "subVersion":{{Text(version)}},"tagsSet":[{{tags}}],"topic":"{{topic}}"}
            """;
    }

    // String.hashCode of Java (remoting.md §4.4).
    private static int HashCode(string text) => text.Aggregate(0, static (hash, letter) => unchecked((31 * hash) + letter));

    private static string Members(IEnumerable<(string Name, string Json)> more) =>
        string.Concat(more.Select(static member => $",\"{member.Name}\":{member.Json}"));

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Text(bool value) => value ? "true" : "false";
}
