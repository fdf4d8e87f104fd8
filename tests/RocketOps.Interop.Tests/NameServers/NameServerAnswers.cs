using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Hosting.Hosts;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Json;
using RocketOps.Remoting.Client;
using RocketOps.Remoting.Connections;
using RocketOps.Testing;

namespace RocketOps.Interop.Tests.NameServers;

/// <summary>The same requests, one after another, to any name server; the answers in a form that can be compared.</summary>
internal static class NameServerAnswers
{
    private const string Version = "{\"counter\":1,\"stateVersion\":0,\"timestamp\":1731999999000}";

    private static readonly Step[] Steps =
    [
        new("route of nothing", 105, Fields: [("topic", "nope")]),
        new("cluster of nobody", 106),
        new("no entry", 101, Fields: [("namespace", "N"), ("key", "K")]),
        new("no namespace", 219, Fields: [("namespace", "N")]),
        new("master registers", 103, Register(0, "10.1.2.3:10911"), Body("T", "Unit", "Sub")),
        new("slave registers", 103, Register(1, "10.1.2.4:10911"), Body("T", "Unit", "Sub")),
        new("route for an old client", 105, [("topic", "T")], Version: 317),
        new("route for a 4.9.4 client", 105, [("topic", "T")], Version: 401),
        new("route for a new client", 105, [("topic", "T")], Version: 513),
        new("route by wish", 105, [("topic", "T"), ("acceptStandardJsonOnly", "true")], Version: 317),
        new("cluster", 106),
        new("all topics", 206),
        new("topics of the cluster", 224, [("cluster", "DefaultCluster")]),
        new("topics of no cluster", 224, [("cluster", "x")]),
        new("system topics", 304),
        new("unit topics", 311),
        new("unit subscriptions", 312),
        new("unit subscriptions, no unit", 313),
        new("same version", 322, Register(0, "10.1.2.3:10911"), Version),
        new("other version", 322, Register(0, "10.1.2.3:10911"), Version.Replace(":1,", ":2,", StringComparison.Ordinal)),
        new("version of nobody", 322, Register(0, "1.1.1.1:1"), Version),
        new("wipe", 205, [("brokerName", "broker-a")]),
        new("wiped route", 105, [("topic", "T")]),
        new("add", 327, [("brokerName", "broker-a")]),
        new("wipe nobody", 205, [("brokerName", "nobody")]),
        new("put", 100, [("namespace", "ORDER_TOPIC_CONFIG"), ("key", "T"), ("value", "broker-a:8")]),
        new("put without key", 100, [("namespace", "N")]),
        new("get", 101, [("namespace", "ORDER_TOPIC_CONFIG"), ("key", "T")]),
        new("list", 219, [("namespace", "ORDER_TOPIC_CONFIG")]),
        new("ordered route", 105, [("topic", "T")]),
        new("registration is answered with the order", 103, Register(0, "10.1.2.3:10911"), Body("T", "Unit", "Sub")),
        new("delete", 102, [("namespace", "ORDER_TOPIC_CONFIG"), ("key", "T")]),
        new("delete nothing", 102, [("namespace", "NN"), ("key", "T")]),
        new("emptied list", 219, [("namespace", "ORDER_TOPIC_CONFIG")]),
        new("wrong checksum", 103, [.. Register(0, "10.1.2.3:10911"), ("bodyCrc32", "5")], Body("T", "Unit", "Sub")),
        new("members", 901, [("clusterName", "DefaultCluster"), ("brokerName", "broker-a")], Since5: true),
        new("members of nobody", 901, [("clusterName", "DefaultCluster"), ("brokerName", "nobody")], Since5: true),
        new("heartbeat", 904, [("clusterName", "DefaultCluster"), ("brokerAddr", "10.1.2.3:10911"), ("brokerName", "broker-a")], Since5: true),
        new("single topic", 217, [("topic", "X")], "{\"queueDatas\":[{\"brokerName\":\"broker-a\",\"perm\":6,\"readQueueNums\":1,\"writeQueueNums\":1,\"topicSysFlag\":0}]}", Since5: true),
        new("its route", 105, [("topic", "X")], Since5: true),
        new("unknown code", 999, Since5: true),
        new("black-listed key", 318, Body: "kvConfigPath=/x\n", Since5: true),
        new("live key", 318, Body: "orderMessageEnable=false\n"),
        new("topic deleted", 216, [("topic", "T"), ("clusterName", "DefaultCluster")]),
        new("its route is gone", 105, [("topic", "T")]),
        new("slave leaves", 104, Register(1, "10.1.2.4:10911")),
        new("route without slave", 105, [("topic", "Unit")], Without: "10.1.2.4"),
        new("master leaves", 104, Register(0, "10.1.2.3:10911")),
        new("nobody is left", 106, Without: "DefaultCluster"),
        new("acting masters are supported", 318, Body: "supportActingMaster=true\n", Since5: true),
        new("master that allows one registers", 103, Register(0, "10.1.2.3:10911", actingMaster: true), Body("T", "rmq_sys_SYNC_BROKER_MEMBER_broker-a"), Since5: true),
        new("first slave registers", 103, Register(2, "10.1.2.4:10911", actingMaster: true), Body("T", "rmq_sys_SYNC_BROKER_MEMBER_broker-a"), Since5: true),
        new("second slave registers", 103, Register(3, "10.1.2.5:10911", actingMaster: true), Body("T", "rmq_sys_SYNC_BROKER_MEMBER_broker-a"), Since5: true),
        new("route with master", 105, [("topic", "T")], Version: 513, Since5: true),
        new("that master leaves", 104, Register(0, "10.1.2.3:10911", actingMaster: true), Since5: true),
        new("route with acting master", 105, [("topic", "T")], Version: 513, Since5: true, Without: "10.1.2.3"),
        new("route with acting master, bare keys", 105, [("topic", "T")], Since5: true),
        new("route of the group's own topic", 105, [("topic", "rmq_sys_SYNC_BROKER_MEMBER_broker-a")], Version: 513, Since5: true),
        new("cluster with acting master", 106, Since5: true),
        new("first slave leaves", 104, Register(2, "10.1.2.4:10911", actingMaster: true), Since5: true),
        new("route with the next", 105, [("topic", "T")], Version: 513, Since5: true, Without: "10.1.2.4"),
    ];

    /// <param name="address">The name server, fresh, with <c>orderMessageEnable=true</c>.</param>
    /// <param name="like4">Asks only what 4.x answers, and drops from the answers what only 5.x writes.</param>
    public static async Task<IReadOnlyList<string>> CollectAsync(string address, bool like4)
    {
        Dictionary<int, RemotingClient> clients = [];
        List<string> answers = [];
        try
        {
            foreach (Step step in Steps.Where(step => !like4 || !step.Since5))
            {
                if (!clients.TryGetValue(step.Version, out RemotingClient? client))
                {
                    clients[step.Version] = client = new RemotingClient(new RemotingClientOptions { Remoting = new RemotingOptions { Version = step.Version } }, NullLoggerFactory.Instance, new HostResolver().ResolveAsync);
                }

                RemotingCommand request = RemotingCommand.CreateRequest(step.Code);
                foreach ((string name, string value) in step.Fields ?? [])
                {
                    request.Set(name, value);
                }

                request.Body = Encoding.UTF8.GetBytes(step.Body ?? string.Empty);
                answers.Add($"{step.Name}: {await AskAsync(step, client, address, request, like4)}");
            }
        }
        finally
        {
            foreach (RemotingClient client in clients.Values)
            {
                await client.DisposeAsync();
            }
        }

        return answers;
    }

    // 5.x answers code 104 before it removes the broker (BatchUnregistrationService): what follows is asked until the broker is gone.
    // Its answer to 106 holds no lock: a group whose last address has just gone may be seen, and then a cluster without groups.
    private static async Task<string> AskAsync(Step step, RemotingClient client, string address, RemotingCommand request, bool like4)
    {
        string answer = string.Empty;
        await Eventually.TrueAsync(
            async () =>
            {
                answer = Describe(await client.InvokeAsync(address, request, Eventually.DefaultDeadline), like4);
                return step.Without is null || !answer.Contains(step.Without, StringComparison.Ordinal);
            },
            $"\"{step.Name}\" is answered without {step.Without}");
        return answer;
    }

    private static string Describe(RemotingCommand answer, bool like4)
    {
        // Help links and the remark of successes differ between Apache's own versions.
        string remark = answer.Code is ResponseCode.Success ? string.Empty : answer.Remark?.Split('\n')[0] ?? string.Empty;
        string fields = string.Join(',', (answer.ExtFields ?? []).OrderBy(static field => field.Key, StringComparer.Ordinal).Select(static field => $"{field.Key}={field.Value}"));
        string body = Encoding.UTF8.GetString(answer.Body.Span);
        bool lenient = body.Contains("{0:", StringComparison.Ordinal);
        return string.Create(CultureInfo.InvariantCulture, $"{answer.Code} [{remark}] {{{fields}}} {(lenient ? "bare keys " : string.Empty)}{Normalize(answer.Body, like4)}");
    }

    // Java writes maps in the order of its hash tables: members are compared sorted.
    private static string Normalize(ReadOnlyMemory<byte> body, bool like4)
    {
        if (body.IsEmpty)
        {
            return string.Empty;
        }

        return Sort(JsonNode.Parse(LenientJson.ToStrict(body.Span)), like4)!.ToJsonString(new JsonSerializerOptions { WriteIndented = false });
    }

    private static JsonNode? Sort(JsonNode? node, bool like4) => node switch
    {
        JsonObject members => new JsonObject(members
            .Where(member => !like4 || member.Key is not ("enableActingMaster" or "stateVersion"))
            .OrderBy(static member => member.Key, StringComparer.Ordinal)
            .Select(member => KeyValuePair.Create(member.Key, Sort(member.Value, like4)))),
        JsonArray items => new JsonArray([.. items.Select(item => Sort(item, like4)).OrderBy(static item => item?.ToJsonString(), StringComparer.Ordinal)]),
        _ => node?.DeepClone(),
    };

    private static (string Name, string Value)[] Register(int id, string address, bool actingMaster = false) =>
    [
        ("brokerName", "broker-a"), ("brokerAddr", address), ("clusterName", "DefaultCluster"), ("haServerAddr", address + "9"),
        ("brokerId", id.ToString(CultureInfo.InvariantCulture)), ("enableActingMaster", actingMaster ? "true" : "false"), ("heartbeatTimeoutMillis", "120000"),
    ];

    private static string Body(params string[] topics) =>
        "{\"filterServerList\":[],\"topicConfigSerializeWrapper\":{\"dataVersion\":" + Version + ",\"topicConfigTable\":{"
        + string.Join(',', topics.Select(static topic =>
            $"\"{topic}\":{{\"order\":false,\"perm\":6,\"readQueueNums\":8,\"topicFilterType\":\"SINGLE_TAG\",\"topicName\":\"{topic}\",\"topicSysFlag\":{(topic == "Unit" ? 1 : topic == "Sub" ? 2 : 0)},\"writeQueueNums\":4}}"))
        + "}}}";

    private sealed record Step(string Name, int Code, (string Name, string Value)[]? Fields = null, string? Body = null, int Version = 479, bool Since5 = false, string? Without = null);
}
