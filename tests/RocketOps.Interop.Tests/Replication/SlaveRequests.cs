using System.Globalization;
using System.Text;
using RocketOps.Interop.Tests.Limits;
using RocketOps.Testing.Remoting;

namespace RocketOps.Interop.Tests.Replication;

/// <summary>What clients and tools may ask a slave, in the order they are asked in: what changes the slave comes last.</summary>
internal static class SlaveRequests
{
    public const string Topic = "OnSlave";
    public const string Group = "slave_group";

    private static readonly long Now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();

    public static IReadOnlyList<LimitRequest> All { get; } =
    [
        New("send", 10, Send(), "x"),
        New("send back", 36, RawFields.SendBack(Group, Topic, 0, "m", delayLevel: 0)),
        New("end transaction", 37, RawFields.Of(
            ("producerGroup", "pg"), ("tranStateTableOffset", "0"), ("commitLogOffset", "0"), ("commitOrRollback", "8"),
            ("fromTransactionCheck", "false"), ("msgId", "m"), ("transactionId", "m"))),
        New("resume half", 323, RawFields.Of(("msgId", "7F00000100002A9F0000000000000000"), ("topic", Topic))),
        New("recall", 370, RawFields.Recall("pg", Topic, "djEgT25TbGF2ZSBicm9rZXItYSAxIG0")),
        New("create topic", 17, RawFields.Topic("Made", 1)),
        New("delete topic", 215, RawFields.Of(("topic", "NotThere"))),
        New("create group", 200, body: RawFields.Group("made_group")),
        New("delete group", 207, RawFields.Of(("groupName", "not_there"), ("removeOffset", "false"), ("cleanOffset", "false"))),
        New("reset offsets", 222, RawFields.Of(
            ("topic", Topic), ("group", Group), ("timestamp", "0"), ("isForce", "true"), ("queueId", "-1"))),
        New("pull, found", 11, Pull(0)),
        New("pull, at the end", 11, Pull(1)),
        New("pull, behind the end", 11, Pull(1000)),
        New("pull, no such topic", 11, Pull(0, "NotThere")),
        New("query offset", 14, RawFields.Progress(Group, Topic, 0)),
        New("largest offset", 30, RawFields.Queue(Topic, 0)),
        New("smallest offset", 31, RawFields.Queue(Topic, 0)),
        New("offset by time", 29, RawFields.Of(("topic", Topic), ("queueId", "0"), ("timestamp", "0"))),
        New("earliest time", 32, RawFields.Queue(Topic, 0)),
        New("message by key", 12, RawFields.Of(
            ("topic", Topic), ("key", "none"), ("maxNum", "1"), ("beginTimestamp", "0"), ("endTimestamp", Number(Now)))),
        New("message by id", 33, RawFields.Of(("offset", "0"))),
        New("topics", 21),
        New("consumer offsets", 43),
        New("delay offsets", 45),
        New("groups", 201),
        New("topic statistics", 202, RawFields.Of(("topic", Topic))),
        New("group statistics", 208, RawFields.Of(("consumerGroup", Group), ("topic", Topic))),
        New("runtime", 28),
        New("members of a group, nobody online", 38, RawFields.Of(("consumerGroup", Group))),
        New("lock queues", 41, [], $$"""{"clientId":"c","consumerGroup":"{{Group}}","mqSet":[{"brokerName":"broker-a","queueId":0,"topic":"{{Topic}}"}],"onlyThisBroker":false}"""),
        New("heartbeat", 34, body: RawFields.Heartbeat("c", [RawFields.Consumer(Group, [RawFields.Subscription(Topic)])])),
        New("commit offset", 15, RawFields.Commit(Group, Topic, 0, 1)),
        New("query offset, committed there", 14, RawFields.Progress(Group, Topic, 0)),
        New("unregister", 35, RawFields.Of(("clientID", "c"), ("consumerGroup", Group))),
        New("change configuration", 25, [], "slaveReadEnable=false\n"),
        New("pull, found, slaveReadEnable=false", 11, Pull(0)),
        New("pull, at the end, slaveReadEnable=false", 11, Pull(1)),
    ];

    public static LimitRequest CreateTopic { get; } = New("topic", 17, RawFields.Topic(Topic, 1));

    public static LimitRequest CreateGroup { get; } = New(
        "group", 200, body: RawFields.Group(Group, more:
        [
            ("consumeFromMinEnable", "true"), ("consumeBroadcastEnable", "true"), ("brokerId", "0"), ("whichBrokerWhenConsumeSlowly", "1"),
        ]));

    public static LimitRequest SendOne { get; } = New("message", 10, Send(), "hello");

    public static LimitRequest PullOne { get; } = New("pull", 11, Pull(0));

    private static Dictionary<string, string> Send() => RawFields.Send(Topic, group: "pg", bornTimestamp: Now, queues: 1);

    private static Dictionary<string, string> Pull(long offset, string topic = Topic) =>
        RawFields.Pull(Group, topic, 0, offset, maxMessages: 8);

    private static LimitRequest New(string name, int code, Dictionary<string, string> fields, string body) =>
        New(name, code, fields, Encoding.UTF8.GetBytes(body));

    private static LimitRequest New(string name, int code, Dictionary<string, string>? fields = null, byte[]? body = null) =>
        new(name, code, fields ?? [], body ?? []);

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
