using System.Globalization;
using System.Text;
using RocketOps.Testing.Remoting;

namespace RocketOps.Interop.Tests.Limits;

/// <summary>The requests, in the order they are sent in: what creates a topic comes before what uses it.</summary>
internal static class LimitRequests
{
    public const string Topic = "Limits";

    private const int SendMessage = 10;
    private const int PullMessage = 11;
    private const int QueryMessage = 12;
    private const int QueryConsumerOffset = 14;
    private const int UpdateConsumerOffset = 15;
    private const int UpdateAndCreateTopic = 17;
    private const int SearchOffsetByTimestamp = 29;
    private const int GetMaxOffset = 30;
    private const int HeartBeat = 34;
    private const int ConsumerSendMsgBack = 36;
    private const int UpdateAndCreateSubscriptionGroup = 200;
    private const int SendBatchMessage = 320;

    // maxMessageSize, bytes of a body (store.md §2.5).
    private const int MaxBody = 4 * 1024 * 1024;

    public static IReadOnlyList<LimitRequest> All { get; } =
    [
        Send("body of 4 MiB", body: MaxBody),
        Send("body of 4 MiB and 1", body: MaxBody + 1),
        Send("body empty", body: 0),
        Send("properties of 32 000", properties: Property(32_000)),
        Send("properties of 32 767", properties: Property(32_767)),
        Send("properties of 32 768", properties: Property(32_768)),
        Send("properties of 70 000", properties: Property(70_000)),
        Send("properties, 2 000 of them", properties: string.Concat(Enumerable.Range(0, 2000).Select(static i => string.Create(CultureInfo.InvariantCulture, $"k{i}\u0001v\u0002")))),
        Send("properties without a separator", properties: "just text"),
        Send("property without a name", properties: "\u0001value\u0002"),
        Send("property without a value", properties: "name\u0001\u0002"),
        Send("delay level 18", properties: "DELAY\u000118\u0002"),
        Send("delay level 19", properties: "DELAY\u000119\u0002"),
        Send("delay level -1", properties: "DELAY\u0001-1\u0002"),
        Send("delay level no number", properties: "DELAY\u0001soon\u0002"),
        Send("flag of all bits", flag: -1),
        Send("born in the future", bornTimestamp: long.MaxValue),
        Send("born before 1970", bornTimestamp: -1),
        Send("reconsume times negative", reconsumeTimes: -5),
        Send("queue 3 of 4", queueId: 3),
        Send("queue 4 of 4", queueId: 4),
        Send("queue -1", queueId: -1),
        Send("queue smallest", queueId: int.MinValue),
        Send("send to a topic of 127", topic: new string('t', 127)),
        Send("send to a topic of 128", topic: new string('t', 128)),
        Send("send to a topic of 255", topic: new string('t', 255)),
        Send("send to a topic of 256", topic: new string('t', 256)),
        Send("send to a topic with a dot", topic: "a.b"),
        Send("send to a topic with a blank", topic: "a b"),
        Send("send to a topic not of ASCII", topic: "töpic"),
        Send("send to a topic without a name", topic: string.Empty),
        Send("send to a topic of a blank", topic: " "),
        Send("send to SCHEDULE_TOPIC_XXXX", topic: "SCHEDULE_TOPIC_XXXX"),
        Send("send to RMQ_SYS_TRANS_HALF_TOPIC", topic: "RMQ_SYS_TRANS_HALF_TOPIC"),
        Send("send to TBW102", topic: "TBW102"),
        Send("send from a group of 256", group: new string('g', 256)),
        Send("send from a group with a blank", group: "a b"),
        Batch("batch of 3", 3, 100),
        Batch("batch above 4 MiB", 5, 1024 * 1024),
        new("batch that is none", SendBatchMessage, BatchFields(), Encoding.UTF8.GetBytes("this is no batch at all, only text")),
        new("batch empty", SendBatchMessage, BatchFields()),

        CreateTopic("create a topic of 127", new string('c', 127)),
        CreateTopic("create a topic of 128", new string('c', 128)),
        CreateTopic("create a retry topic of 255", "%RETRY%" + new string('c', 248)),
        CreateTopic("create a retry topic of 256", "%RETRY%" + new string('c', 249)),
        CreateTopic("create a topic with a dot", "a.b"),
        CreateTopic("create a topic with a slash", "a/b"),
        CreateTopic("create a topic with % and |", "%a|b"),
        CreateTopic("create a topic of a blank", " "),
        CreateTopic("create TBW102", "TBW102"),
        CreateTopic("create DefaultCluster", "DefaultCluster"),
        CreateTopic("create rmq_sys_mine", "rmq_sys_mine"),
        CreateTopic("create with 0 queues", "LimitZero", queues: 0),
        CreateTopic("create with 1 024 queues", "LimitMany", queues: 1024),
        CreateTopic("create with permission 0", "LimitPerm0", perm: 0),
        CreateTopic("create with permission 7", "LimitPerm7", perm: 7),
        CreateTopic("create with permission 8", "LimitPerm8", perm: 8),
        CreateTopic("create with filter type NONE", "LimitFilter", filterType: "NONE"),

        CreateGroup("create a group of 120", new string('g', 120)),
        CreateGroup("create a group of 121", new string('g', 121)),
        CreateGroup("create a group of 256", new string('g', 256)),
        CreateGroup("create a group with a dot", "a.b"),
        CreateGroup("create a group of a blank", " "),

        Pull("pull from queue 3 of 4", queueId: 3),
        Pull("pull from queue 4 of 4", queueId: 4),
        Pull("pull from queue -1", queueId: -1),
        Pull("pull from offset -1", offset: -1),
        Pull("pull from the largest offset", offset: long.MaxValue),
        Pull("pull no messages", maxMessages: 0),
        Pull("pull -1 messages", maxMessages: -1),
        Pull("pull a million messages", maxMessages: 1_000_000),
        Pull("pull for a group of 256", group: new string('p', 256)),
        Pull("pull for a group with a blank", group: "a b"),
        Pull("pull from no topic", topic: "LimitsMissing"),
        Pull("pull with a malformed expression", subscription: "a >", type: "SQL92"),
        Pull("pull with an unknown expression type", subscription: "a", type: "XPATH"),

        Commit("commit offset -1", "-1"),
        Commit("commit for no topic", "1", topic: "LimitsMissing"),
        Commit("commit for queue 4 of 4", "1", queueId: 4),
        Commit("commit no number", "many"),
        new("query the offset of no group", QueryConsumerOffset, RawFields.Progress("limits_nobody", Topic, 0)),
        Queue("max offset of queue 4 of 4", GetMaxOffset, 4),
        Queue("max offset of queue -1", GetMaxOffset, -1),
        Queue("offset by time of queue 4 of 4", SearchOffsetByTimestamp, 4),
        new("query 0 keys", QueryMessage, RawFields.Of(
            ("topic", Topic), ("key", "nobody"), ("maxNum", "0"), ("beginTimestamp", "0"), ("endTimestamp", "9223372036854775807"))),
        new("query without a topic", QueryMessage, RawFields.Of(
            ("key", "nobody"), ("maxNum", "1"), ("beginTimestamp", "0"), ("endTimestamp", "1"))),
        new("heartbeat without a body", HeartBeat, RawFields.Of()),
        new("heartbeat of no JSON", HeartBeat, RawFields.Of(), Encoding.UTF8.GetBytes("nothing")),
        new("send back from nowhere", ConsumerSendMsgBack, RawFields.Of(
            ("offset", "123456789"), ("group", "limits_back"), ("delayLevel", "0"), ("originMsgId", "x"), ("originTopic", Topic), ("unitMode", "false"))),
    ];

    private static LimitRequest Send(
        string name, int body = 10, string properties = "", int flag = 0, long? bornTimestamp = null, int reconsumeTimes = 0, int queueId = 0, string topic = Topic, string group = "limits_producer") =>
        new(
            name, SendMessage, RawFields.Send(topic, queueId, properties, group, bornTimestamp, flag, reconsumeTimes: reconsumeTimes), new byte[body]);

    private static LimitRequest Batch(string name, int messages, int bodyBytes)
    {
        byte[] entry = RawFields.BatchEntry(new byte[bodyBytes]);
        return new LimitRequest(name, SendBatchMessage, BatchFields(), Enumerable.Repeat(entry, messages).SelectMany(static bytes => bytes).ToArray());
    }

    private static Dictionary<string, string> BatchFields() =>
        RawFields.Short(RawFields.Send(Topic, group: "limits_producer"), batch: true);

    private static LimitRequest CreateTopic(string name, string topic, int queues = 1, int perm = 6, string filterType = "SINGLE_TAG")
    {
        Dictionary<string, string> fields = RawFields.Topic(topic, queues, perm: perm);
        fields["topicFilterType"] = filterType;
        return new LimitRequest(name, UpdateAndCreateTopic, fields);
    }

    private static LimitRequest CreateGroup(string name, string group) => new(
        name, UpdateAndCreateSubscriptionGroup, RawFields.Of(), RawFields.Group(group));

    private static LimitRequest Pull(
        string name, int queueId = 0, long offset = 0, int maxMessages = 1, string group = "limits_consumer", string topic = Topic, string subscription = "*", string type = "TAG") =>
        new(name, PullMessage, RawFields.Pull(
            group, topic, queueId, offset, maxMessages, subscription: subscription, expressionType: type));

    /// <summary>The offset is a text: some are no numbers.</summary>
    private static LimitRequest Commit(string name, string offset, string topic = Topic, int queueId = 0)
    {
        Dictionary<string, string> fields = RawFields.Progress("limits_consumer", topic, queueId);
        fields["commitOffset"] = offset;
        return new LimitRequest(name, UpdateConsumerOffset, fields);
    }

    private static LimitRequest Queue(string name, int code, int queueId)
    {
        Dictionary<string, string> fields = RawFields.Queue(Topic, queueId);
        fields["timestamp"] = "0";
        return new LimitRequest(name, code, fields);
    }

    /// <summary>One property whose encoded text has so many bytes.</summary>
    private static string Property(int bytes) => $"k\u0001{new string('v', bytes - 3)}\u0002";
}
