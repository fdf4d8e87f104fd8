using System.Text;

namespace RocketOps.Testing.Remoting.Headers;

/// <summary>
/// Every request a broker answers, with every field of its header: what is tried is each of them missing, none of its type, out of range and huge. Names and types: remoting.md §2 and §5,
/// admin.md §2. Topic and group are there, and the log begins with a message.
/// </summary>
public static class BrokerRows
{
    public const string Topic = "HeaderWalk";
    public const string Group = "header_walk";

    private const string Nobody = "header_walk_nobody";
    private const string Elsewhere = "HeaderWalkOther";

    private static readonly HeaderField[] Queue = [Text("topic", Topic), Int("queueId", 0)];

    private static readonly HeaderField[] Send =
    [
        Text("producerGroup", Group, false), Text("topic", Topic), Text("defaultTopic", "TBW102", false), Int("defaultTopicQueueNums", 4, false), Int("queueId", 0), Int("sysFlag", 0), Long("bornTimestamp", 1_731_999_999_000),
        Int("flag", 0), Text("properties", string.Empty, false), Int("reconsumeTimes", 0, false), Flag("unitMode"), Int("maxReconsumeTimes", 16, false), Flag("batch"),
    ];

    private static readonly HeaderField[] Pull =
    [
        Text("consumerGroup", Group), Text("topic", Topic), Int("queueId", 0), Long("queueOffset", 0), Int("maxMsgNums", 1), Int("sysFlag", 4), Long("commitOffset", 0, false), Long("suspendTimeoutMillis", 0, false),
        Text("subscription", "*", false), Long("subVersion", 0, false), Text("expressionType", "TAG", false),
    ];

    private static readonly HeaderField[] CreateTopic =
    [
        Text("topic", Elsewhere), Text("defaultTopic", "TBW102", false), Int("readQueueNums", 1), Int("writeQueueNums", 1), Int("perm", 6), Text("topicFilterType", "SINGLE_TAG"),
        Int("topicSysFlag", 0, false), Flag("order"), Text("attributes", string.Empty, false),
    ];

    public static IReadOnlyList<HeaderRow> All { get; } =
    [
        new(10, "SEND_MESSAGE", Send, Bytes("x")),
        new(310, "SEND_MESSAGE_V2", Short(Send), Bytes("x")),
        new(320, "SEND_BATCH_MESSAGE", [.. Short(Send).Where(static field => field.Name != "m"), new("m", HeaderType.Boolean, "true", false, "batch")], new byte[] { 0, 0, 0, 23, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 120, 0, 0 }),
        new(324, "SEND_REPLY_MESSAGE", Send, Bytes("x")),
        new(325, "SEND_REPLY_MESSAGE_V2", Short(Send), Bytes("x")),
        new(11, "PULL_MESSAGE", Pull),
        new(361, "LITE_PULL_MESSAGE", Pull),
        new(12, "QUERY_MESSAGE", [Text("topic", Topic), Text("key", "nobody"), Int("maxNum", 1), Long("beginTimestamp", 0), Long("endTimestamp", long.MaxValue), Flag("_UNIQUE_KEY_QUERY")]),
        new(14, "QUERY_CONSUMER_OFFSET", [Text("consumerGroup", Group), .. Queue, Flag("setZeroIfNotFound"), Flag("lo")]),
        new(15, "UPDATE_CONSUMER_OFFSET", [Text("consumerGroup", Group), Text("topic", Topic), Int("queueId", 0, false), Long("commitOffset", 0, false), Flag("lo")]),
        new(17, "UPDATE_AND_CREATE_TOPIC", CreateTopic),
        new(18, "UPDATE_AND_CREATE_TOPIC_LIST", [], Bytes($$"""{"topicConfigList":[{"topicName":"{{Elsewhere}}","readQueueNums":1,"writeQueueNums":1,"perm":6,"topicFilterType":"SINGLE_TAG"}]}""")),
        new(21, "GET_ALL_TOPIC_CONFIG", [Int("topicSeq", 0, false), Text("dataVersion", "{}", false), Int("maxTopicNum", 10, false)]),
        new(25, "UPDATE_BROKER_CONFIG", [], Bytes("traceOn=true\n")),
        new(26, "GET_BROKER_CONFIG", []),
        new(28, "GET_BROKER_RUNTIME_INFO", []),
        new(29, "SEARCH_OFFSET_BY_TIMESTAMP", [.. Queue, Long("timestamp", 0), Text("boundaryType", "LOWER", false), Flag("lo")]),
        new(30, "GET_MAX_OFFSET", [.. Queue, Flag("lo"), Flag("committed")]),
        new(31, "GET_MIN_OFFSET", [.. Queue, Flag("lo")]),
        new(32, "GET_EARLIEST_MSG_STORETIME", [.. Queue, Flag("lo")]),
        new(33, "VIEW_MESSAGE_BY_ID", [Long("offset", 0)]),
        new(34, "HEART_BEAT", [], Bytes("""{"clientID":"walker","producerDataSet":[{"groupName":"header_walk"}],"consumerDataSet":[]}""")),
        new(35, "UNREGISTER_CLIENT", [Text("clientID", "nobody", false), Text("producerGroup", Nobody, false), Text("consumerGroup", Nobody, false)]),
        new(36, "CONSUMER_SEND_MSG_BACK", [Long("offset", 0), Text("group", Group), Int("delayLevel", 0), Text("originMsgId", "x", false), Text("originTopic", Topic, false), Flag("unitMode"), Int("maxReconsumeTimes", 16, false)]),
        new(
            37,
            "END_TRANSACTION",
            [Text("producerGroup", Group), Long("tranStateTableOffset", 0), Long("commitLogOffset", 0), Int("commitOrRollback", 12), Flag("fromTransactionCheck"), Text("msgId", "x", false), Text("transactionId", "x", false)]),
        new(38, "GET_CONSUMER_LIST_BY_GROUP", [Text("consumerGroup", Group)]),
        new(41, "LOCK_BATCH_MQ", [], Locks()),
        new(42, "UNLOCK_BATCH_MQ", [], Locks()),
        new(43, "GET_ALL_CONSUMER_OFFSET", []),
        new(45, "GET_ALL_DELAY_OFFSET", []),
        new(46, "CHECK_CLIENT_CONFIG", [], Bytes("""{"clientId":"walker","group":"header_walk","subscriptionData":{"topic":"HeaderWalk","subString":"*","expressionType":"TAG","subVersion":1}}""")),
        new(60, "GET_TIMER_CHECK_POINT", []),
        new(61, "GET_TIMER_METRICS", []),
        new(200, "UPDATE_AND_CREATE_SUBSCRIPTIONGROUP", [], Bytes("""{"groupName":"header_walk","retryQueueNums":1,"retryMaxTimes":16}""")),
        new(201, "GET_ALL_SUBSCRIPTIONGROUP_CONFIG", [Int("groupSeq", 0, false), Text("dataVersion", "{}", false), Int("maxGroupNum", 10, false)]),
        new(202, "GET_TOPIC_STATS_INFO", [Text("topic", Topic)]),
        new(203, "GET_CONSUMER_CONNECTION_LIST", [Text("consumerGroup", Group)]),
        new(204, "GET_PRODUCER_CONNECTION_LIST", [Text("producerGroup", Group)]),
        new(207, "DELETE_SUBSCRIPTIONGROUP", [Text("groupName", Nobody), Flag("cleanOffset"), Flag("removeOffset")]),
        new(208, "GET_CONSUME_STATS", [Text("consumerGroup", Group), Text("topic", Topic, false), Text("topicList", Topic, false)]),
        new(215, "DELETE_TOPIC_IN_BROKER", [Text("topic", "HeaderWalkMissing")]),
        new(222, "INVOKE_BROKER_TO_RESET_OFFSET", [Text("topic", Topic), Text("group", Group), Long("timestamp", 0), Flag("isForce"), Int("queueId", -1, false), Long("offset", -1, false)]),
        new(223, "INVOKE_BROKER_TO_GET_CONSUMER_STATUS", [Text("topic", Topic), Text("group", Group), Text("clientAddr", "nobody", false)]),
        new(225, "UPDATE_AND_CREATE_SUBSCRIPTIONGROUP_LIST", [], Bytes("""{"groupConfigList":[{"groupName":"header_walk","retryQueueNums":1,"retryMaxTimes":16}]}""")),
        new(300, "QUERY_TOPIC_CONSUME_BY_WHO", [Text("topic", Topic)]),
        new(303, "QUERY_CONSUME_TIME_SPAN", [Text("topic", Topic), Text("group", Group)]),
        new(305, "GET_SYSTEM_TOPIC_LIST_FROM_BROKER", []),
        new(306, "CLEAN_EXPIRED_CONSUMEQUEUE", []),
        new(307, "GET_CONSUMER_RUNNING_INFO", [Text("consumerGroup", Group), Text("clientId", "nobody"), Flag("jstackEnable")]),
        new(308, "QUERY_CORRECTION_OFFSET", [Text("filterGroups", Nobody, false), Text("compareGroup", Group), Text("topic", Topic)]),
        new(309, "CONSUME_MESSAGE_DIRECTLY", [Text("consumerGroup", Group), Text("clientId", "nobody"), Text("msgId", "7F00000100002A9F0000000000000000"), Text("brokerName", "broker-a", false), Text("topic", Topic, false)]),
        new(314, "CLONE_GROUP_OFFSET", [Text("srcGroup", Group), Text("destGroup", Group), Text("topic", Topic, false), Flag("offline")]),
        new(315, "VIEW_BROKER_STATS_DATA", [Text("statsName", "TOPIC_PUT_NUMS"), Text("statsKey", Topic)]),
        new(316, "CLEAN_UNUSED_TOPIC", []),
        new(317, "GET_BROKER_CONSUME_STATS", [Flag("isOrder")]),
        new(321, "QUERY_CONSUME_QUEUE", [.. Queue, Long("index", 0), Int("count", 1), Text("consumerGroup", Group, false)]),
        new(323, "RESUME_CHECK_HALF_MESSAGE", [Text("msgId", "7F00000100002A9F7FFFFFFFFFFFFF00")]),
        new(328, "GET_ALL_PRODUCER_INFO", []),
        new(329, "DELETE_EXPIRED_COMMITLOG", []),
        new(343, "QUERY_TOPICS_BY_CONSUMER", [Text("group", Group)]),
        new(345, "QUERY_SUBSCRIPTION_BY_CONSUMER", [Text("group", Group), Text("topic", Topic)]),
        new(351, "GET_TOPIC_CONFIG", [Text("topic", Topic), Flag("lo")]),
        new(352, "GET_SUBSCRIPTIONGROUP_CONFIG", [Text("group", Group)]),
        new(353, "UPDATE_AND_GET_GROUP_FORBIDDEN", [Text("group", Group), Text("topic", Topic), new("readable", HeaderType.Boolean, "true", IsRequired: false)]),
        new(370, "RECALL_MESSAGE", [Text("producerGroup", Group, false), Text("topic", Topic), Text("recallHandle", "bm9uZQ==")]),
        new(400, "QUERY_ASSIGNMENT", [], Bytes("""{"topic":"HeaderWalk","consumerGroup":"header_walk","clientId":"walker","strategyName":"AVG","messageModel":"CLUSTERING"}""")),
        new(401, "SET_MESSAGE_REQUEST_MODE", [], Bytes("""{"topic":"HeaderWalk","consumerGroup":"header_walk","mode":"PULL","popShareQueueNum":0}""")),
        new(402, "GET_ALL_MESSAGE_REQUEST_MODE", []),
        new(
            513,
            "UPDATE_AND_CREATE_STATIC_TOPIC",
            [.. CreateTopic.Where(static field => field.Name is not ("order" or "attributes")), Flag("force")],
            Bytes($$"""{"bname":"broker-a","currIdMap":{},"dirty":false,"epoch":1,"hostedQueues":{},"scope":"__global__","topic":"{{Elsewhere}}","totalQueues":1}""")),
        new(907, "GET_BROKER_HA_STATUS", []),
        new(71_005, "HAND_OVER_MASTER", [Text("brokerName", "broker-a", false), Text("member", "b", false)]),
        new(560_001, "GET_PENDING_MESSAGES", [Text("topic", Topic), Int("fromQueueId", 0, false)]),
        new(560_002, "GET_GROUP_SUMMARIES", [], Bytes("""{"groups":["header_walk"]}""")),
    ];

    private static HeaderField Text(string name, string value, bool isRequired = true) => new(name, HeaderType.Text, value, isRequired);

    private static HeaderField Int(string name, int value, bool isRequired = true) => new(name, HeaderType.Int32, $"{value}", isRequired);

    private static HeaderField Long(string name, long value, bool isRequired = true) => new(name, HeaderType.Int64, $"{value}", isRequired);

    private static HeaderField Flag(string name) => new(name, HeaderType.Boolean, "false", IsRequired: false);

    /// <summary>The letters of SEND_MESSAGE_V2, in the order of the long names (remoting.md §2.2).</summary>
    private static HeaderField[] Short(HeaderField[] fields) => [.. fields.Select(static (field, i) => field with { Name = $"{(char)('a' + i)}", LongName = field.Name })];

    private static byte[] Locks() => Bytes("""{"clientId":"walker","consumerGroup":"header_walk","mqSet":[{"brokerName":"broker-a","queueId":0,"topic":"HeaderWalk"}]}""");

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
