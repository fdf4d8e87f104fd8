using System.Text;

namespace RocketOps.Testing.Remoting.Headers;

/// <summary>
/// Every request a name server answers, with every field of its header, as <see cref="BrokerRows"/> has a broker's. Names and types: remoting.md §3. What is registered here is a broker that
/// nobody runs, in a cluster of its own.
/// </summary>
public static class NameServerRows
{
    private const string Cluster = "HeaderWalkCluster";
    private const string Broker = "header-walk";
    private const string Address = "127.0.0.1:1";
    private const string Topic = "HeaderWalk";
    private const string Version = """{"counter":1,"stateVersion":0,"timestamp":1731999999000}""";

    private static readonly HeaderField[] Registered = [Text("clusterName", Cluster), Text("brokerAddr", Address), Text("brokerName", Broker), Long("brokerId", 0)];

    // Not all are required of whoever only asks about it.
    private static readonly HeaderField[] Known = [Registered[0], Registered[1], Registered[2] with { IsRequired = false }, Registered[3] with { IsRequired = false }];

    public static IReadOnlyList<HeaderRow> All { get; } =
    [
        // Two topics: with one alone a broker that is not registered yet is refused.
        new(
            103,
            "REGISTER_BROKER",
            [
                .. Registered, Text("haServerAddr", "127.0.0.1:2", false), Long("heartbeatTimeoutMillis", 120_000, false), Flag("enableActingMaster"), Flag("compressed"), Int("bodyCrc32", 0, false), Text("zoneName", "z", false),
            ],
            Bytes(
                $$"""
                {"topicConfigSerializeWrapper":{"dataVersion":{{Version}},"topicConfigTable":{
                "{{Topic}}":{"topicName":"{{Topic}}","readQueueNums":4,"writeQueueNums":4,"perm":6,"topicFilterType":"SINGLE_TAG","topicSysFlag":0,"order":false},
                "{{Topic}}More":{"topicName":"{{Topic}}More","readQueueNums":4,"writeQueueNums":4,"perm":6,"topicFilterType":"SINGLE_TAG","topicSysFlag":0,"order":false}
                } }, "filterServerList":[]}
                """)),
        new(904, "BROKER_HEARTBEAT", Known),
        new(322, "QUERY_DATA_VERSION", Known, Bytes(Version)),
        new(901, "GET_BROKER_MEMBER_GROUP", [Text("clusterName", Cluster), Text("brokerName", Broker)]),
        new(105, "GET_ROUTEINFO_BY_TOPIC", [Text("topic", Topic), Flag("acceptStandardJsonOnly")]),
        new(106, "GET_BROKER_CLUSTER_INFO", []),
        new(205, "WIPE_WRITE_PERM_OF_BROKER", [Text("brokerName", Broker)]),
        new(327, "ADD_WRITE_PERM_OF_BROKER", [Text("brokerName", Broker)]),
        new(206, "GET_ALL_TOPIC_LIST_FROM_NAMESERVER", []),
        new(224, "GET_TOPICS_BY_CLUSTER", [Text("cluster", Cluster)]),
        new(304, "GET_SYSTEM_TOPIC_LIST_FROM_NS", []),
        new(311, "GET_UNIT_TOPIC_LIST", []),
        new(312, "GET_HAS_UNIT_SUB_TOPIC_LIST", []),
        new(313, "GET_HAS_UNIT_SUB_UNUNIT_TOPIC_LIST", []),
        new(
            217,
            "REGISTER_TOPIC_IN_NAMESRV",
            [Text("topic", "HeaderWalkOther")],
            Bytes($$$"""{"queueDatas":[{"brokerName":"{{{Broker}}}","perm":6,"readQueueNums":4,"topicSysFlag":0,"writeQueueNums":4}],"brokerDatas":[],"filterServerTable":{}}""")),
        new(216, "DELETE_TOPIC_IN_NAMESRV", [Text("topic", "HeaderWalkMissing"), Text("clusterName", Cluster, false)]),
        new(100, "PUT_KV_CONFIG", [Text("namespace", "HEADER_WALK"), Text("key", "k"), Text("value", "v")]),
        new(101, "GET_KV_CONFIG", [Text("namespace", "HEADER_WALK"), Text("key", "k")]),
        new(219, "GET_KVLIST_BY_NAMESPACE", [Text("namespace", "HEADER_WALK")]),
        new(102, "DELETE_KV_CONFIG", [Text("namespace", "HEADER_WALK"), Text("key", "k")]),
        new(318, "UPDATE_NAMESRV_CONFIG", [], Bytes("orderMessageEnable=false\n")),
        new(319, "GET_NAMESRV_CONFIG", []),
        new(104, "UNREGISTER_BROKER", [.. Registered[..3], Known[3]]),
    ];

    private static HeaderField Text(string name, string value, bool isRequired = true) => new(name, HeaderType.Text, value, isRequired);

    private static HeaderField Int(string name, int value, bool isRequired = true) => new(name, HeaderType.Int32, $"{value}", isRequired);

    private static HeaderField Long(string name, long value, bool isRequired = true) => new(name, HeaderType.Int64, $"{value}", isRequired);

    private static HeaderField Flag(string name) => new(name, HeaderType.Boolean, "false", IsRequired: false);

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
