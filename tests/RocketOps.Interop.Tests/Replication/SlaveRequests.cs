using System.Globalization;
using System.Text;
using RocketOps.Interop.Tests.Limits;

namespace RocketOps.Interop.Tests.Replication;

/// <summary>What clients and tools may ask a slave, in the order they are asked in: what changes the slave comes last.</summary>
internal static class SlaveRequests
{
    public const string Topic = "OnSlave";
    public const string Group = "slave_group";

    // Bit 2 of a pull's sysFlag: it carries its own subscription; bit 1: it may wait (remoting.md §2.3).
    private const string HasSubscription = "4";

    private static readonly string Now = Number(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());

    public static IReadOnlyList<LimitRequest> All { get; } =
    [
        New("send", 10, body: "x", fields: Send()),
        New("send back", 36, fields: [("offset", "0"), ("group", Group), ("delayLevel", "0"), ("originMsgId", "m"), ("originTopic", Topic), ("unitMode", "false"), ("maxReconsumeTimes", "16")]),
        New("end transaction", 37, fields: [("producerGroup", "pg"), ("tranStateTableOffset", "0"), ("commitLogOffset", "0"), ("commitOrRollback", "8"), ("fromTransactionCheck", "false"), ("msgId", "m"), ("transactionId", "m")]),
        New("resume half", 323, fields: [("msgId", "7F00000100002A9F0000000000000000"), ("topic", Topic)]),
        New("recall", 370, fields: [("producerGroup", "pg"), ("topic", Topic), ("recallHandle", "djEgT25TbGF2ZSBicm9rZXItYSAxIG0")]),
        New("create topic", 17, fields: [("topic", "Made"), ("defaultTopic", "TBW102"), ("readQueueNums", "1"), ("writeQueueNums", "1"), ("perm", "6"), ("topicFilterType", "SINGLE_TAG"), ("topicSysFlag", "0"), ("order", "false")]),
        New("delete topic", 215, fields: [("topic", "NotThere")]),
        New("create group", 200, body: """{"groupName":"made_group","consumeEnable":true,"retryQueueNums":1,"retryMaxTimes":16}"""),
        New("delete group", 207, fields: [("groupName", "not_there"), ("removeOffset", "false"), ("cleanOffset", "false")]),
        New("reset offsets", 222, fields: [("topic", Topic), ("group", Group), ("timestamp", "0"), ("isForce", "true"), ("queueId", "-1")]),
        New("pull, found", 11, fields: Pull(0)),
        New("pull, at the end", 11, fields: Pull(1)),
        New("pull, behind the end", 11, fields: Pull(1000)),
        New("pull, no such topic", 11, fields: [.. Pull(0).Where(static field => field.Name != "topic"), ("topic", "NotThere")]),
        New("query offset", 14, fields: Queue(("consumerGroup", Group))),
        New("largest offset", 30, fields: Queue()),
        New("smallest offset", 31, fields: Queue()),
        New("offset by time", 29, fields: Queue(("timestamp", "0"))),
        New("earliest time", 32, fields: Queue()),
        New("message by key", 12, fields: [("topic", Topic), ("key", "none"), ("maxNum", "1"), ("beginTimestamp", "0"), ("endTimestamp", Now)]),
        New("message by id", 33, fields: [("offset", "0")]),
        New("topics", 21),
        New("consumer offsets", 43),
        New("delay offsets", 45),
        New("groups", 201),
        New("topic statistics", 202, fields: [("topic", Topic)]),
        New("group statistics", 208, fields: [("consumerGroup", Group), ("topic", Topic)]),
        New("runtime", 28),
        New("members of a group, nobody online", 38, fields: [("consumerGroup", Group)]),
        New("lock queues", 41, body: $$"""{"clientId":"c","consumerGroup":"{{Group}}","mqSet":[{"brokerName":"broker-a","queueId":0,"topic":"{{Topic}}"}],"onlyThisBroker":false}"""),
        New("heartbeat", 34, body: $$"""{"clientID":"c","consumerDataSet":[{"consumeFromWhere":"CONSUME_FROM_LAST_OFFSET","consumeType":"CONSUME_PASSIVELY","groupName":"{{Group}}","messageModel":"CLUSTERING","subscriptionDataSet":[{"expressionType":"TAG","subString":"*","subVersion":1,"topic":"{{Topic}}","classFilterMode":false,"tagsSet":[],"codeSet":[]}],"unitMode":false}],"producerDataSet":[]}"""),
        New("commit offset", 15, fields: Queue(("consumerGroup", Group), ("commitOffset", "1"))),
        New("query offset, committed there", 14, fields: Queue(("consumerGroup", Group))),
        New("unregister", 35, fields: [("clientID", "c"), ("consumerGroup", Group)]),
        New("change configuration", 25, body: "slaveReadEnable=false\n"),
        New("pull, found, slaveReadEnable=false", 11, fields: Pull(0)),
        New("pull, at the end, slaveReadEnable=false", 11, fields: Pull(1)),
    ];

    public static LimitRequest CreateTopic { get; } = New(
        "topic", 17, fields: [("topic", Topic), ("defaultTopic", "TBW102"), ("readQueueNums", "1"), ("writeQueueNums", "1"), ("perm", "6"), ("topicFilterType", "SINGLE_TAG"), ("topicSysFlag", "0"), ("order", "false")]);

    public static LimitRequest CreateGroup { get; } = New(
        "group", 200, body: $$"""{"groupName":"{{Group}}","consumeEnable":true,"consumeFromMinEnable":true,"consumeBroadcastEnable":true,"retryQueueNums":1,"retryMaxTimes":16,"brokerId":0,"whichBrokerWhenConsumeSlowly":1}""");

    public static LimitRequest SendOne { get; } = New("message", 10, body: "hello", fields: Send());

    public static LimitRequest PullOne { get; } = New("pull", 11, fields: Pull(0));

    private static (string Name, string Value)[] Send() =>
    [
        ("producerGroup", "pg"), ("topic", Topic), ("defaultTopic", "TBW102"), ("defaultTopicQueueNums", "1"), ("queueId", "0"), ("sysFlag", "0"), ("bornTimestamp", Now), ("flag", "0"),
        ("properties", string.Empty), ("reconsumeTimes", "0"), ("unitMode", "false"),
    ];

    private static (string Name, string Value)[] Pull(long offset) =>
    [
        .. Queue(("consumerGroup", Group)), ("queueOffset", Number(offset)), ("maxMsgNums", "8"), ("sysFlag", HasSubscription), ("commitOffset", "0"), ("suspendTimeoutMillis", "0"), ("subscription", "*"),
        ("subVersion", "0"), ("expressionType", "TAG"),
    ];

    private static (string Name, string Value)[] Queue(params ReadOnlySpan<(string Name, string Value)> more) => [("topic", Topic), ("queueId", "0"), .. more];

    private static LimitRequest New(string name, int code, string body = "", params (string Name, string Value)[] fields) =>
        new(name, code, fields.ToDictionary(static field => field.Name, static field => field.Value, StringComparer.Ordinal), Encoding.UTF8.GetBytes(body));

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
