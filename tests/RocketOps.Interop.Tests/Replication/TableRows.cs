using System.Globalization;
using System.Text;
using System.Text.Json;
using RocketOps.Interop.Tests.Messages;
using RocketOps.Testing;
using RocketOps.Testing.Remoting;
using RocketOps.Testing.Servers;

namespace RocketOps.Interop.Tests.Replication;

/// <summary>
/// A row in each table of a master that its log says nothing of, and what another broker of the group knows of these rows, by the requests that slaves and tools make. In words, so that a difference can be read.
/// </summary>
/// <param name="isVersion5">Both brokers are of 5.x: attributes, the way groups are to read, and timers are known to those only.</param>
internal sealed class TableRows(bool isVersion5)
{
    public const string Topic = "Kept";
    public const string Group = "kept_group";
    public const int Messages = 6;
    public const int Consumed = 4;

    /// <summary>Timers that are left here; what counts the queue of timers begins behind them.</summary>
    public const int Timers = 2;

    private const string Closed = "KeptClosed";
    private const int QueryConsumerOffset = 14;
    private const int UpdateTopic = 17;
    private const int AllTopics = 21;
    private const int AllDelayOffsets = 45;
    private const int TimerMetrics = 61;
    private const int UpdateGroup = 200;
    private const int AllGroups = 201;
    private const int SetRequestMode = 401;
    private const int AllRequestModes = 402;

    private static readonly string[] TopicFields = ["readQueueNums", "writeQueueNums", "perm", "order"];
    private static readonly string[] GroupFields = ["consumeBroadcastEnable", "consumeFromMinEnable", "retryMaxTimes", "retryQueueNums"];

    public IReadOnlyDictionary<string, string> Expected
    {
        get
        {
            Dictionary<string, string> rows = new(StringComparer.Ordinal)
            {
                ["topic"] = $"readQueueNums=3 writeQueueNums=2 perm=6 order={(isVersion5 ? "true" : "false")}",
                ["closed topic"] = "readQueueNums=1 writeQueueNums=1 perm=4 order=false",
                ["group"] = "consumeBroadcastEnable=false consumeFromMinEnable=false retryMaxTimes=5 retryQueueNums=2",
                ["committed"] = $"{Consumed}",
                ["delivered of level 1"] = "1",
            };
            if (isVersion5)
            {
                rows["topic"] += " message.type=FIFO";
                rows["group"] += " consumeMessageOrderly=true consumeTimeoutMinute=7";
                rows["mode"] = "PULL";
            }

            return rows;
        }
    }

    /// <summary>What a slave of Apache's says of the timers that wait. Ours says nothing: it does not read its timers, and the master it becomes counts them anew.</summary>
    public static string ExpectedTimers => "Way_kept_timer_waits=1 Way_kept_timer_done=0";

    public async Task LeaveAsync(ServerUnderTest master)
    {
        await using RawConnection broker = await RawConnection.ConnectAsync(master.BrokerAddress);
        await ChangeAsync(broker, UpdateTopic, TopicRequest(Topic, readQueues: 3, writeQueues: 2, perm: 6));
        await ChangeAsync(broker, UpdateTopic, TopicRequest(Closed, readQueues: 1, writeQueues: 1, perm: 4));
        await ChangeAsync(broker, UpdateGroup, [], $$"""
            {"brokerId":0,"consumeBroadcastEnable":false,"consumeEnable":true,"consumeFromMinEnable":false,"consumeMessageOrderly":true,"consumeTimeoutMinute":7,"groupName":"{{Group}}","groupSysFlag":0,
            "notifyConsumerIdsChangedEnable":true,"retryMaxTimes":5,"retryQueueNums":2,"whichBrokerWhenConsumeSlowly":1}
            """);
        for (int i = 0; i < Messages; i++)
        {
            (await RawBroker.SendAsync(broker, Topic, 0, Encoding.UTF8.GetBytes($"kept {i}"))).Code.Should().Be(RawBroker.Success);
        }

        (await RawBroker.UpdateOffsetAsync(broker, Group, Topic, 0, Consumed)).Code.Should().Be(RawBroker.Success);
        await using (WayTraveller delayed = await WayTraveller.StartAsync(master, "kept_delay_done"))
        {
            await delayed.SendAsync(delayed.Topic, ["DELAY=1"]);
            await delayed.ReceiveAsync(delayed.Topic);
        }

        if (isVersion5)
        {
            await ChangeAsync(broker, SetRequestMode, [], $$"""{"topic":"{{Topic}}","consumerGroup":"{{Group}}","mode":"PULL","popShareQueueNum":0}""");
            await using WayTraveller waits = await WayTraveller.StartAsync(master, "kept_timer_waits");
            await waits.SendAsync(waits.Topic, ["TIMER_DELAY_SEC=3600"]);
            await using WayTraveller done = await WayTraveller.StartAsync(master, "kept_timer_done");
            await done.SendAsync(done.Topic, ["TIMER_DELAY_MS=1000"]);
            await done.ReceiveAsync(done.Topic);
        }
    }

    /// <summary>As <see cref="Expected"/>; what a broker does not know is <c>none</c>.</summary>
    public async Task<IReadOnlyDictionary<string, string>> ReadAsync(ServerUnderTest server)
    {
        await using RawConnection broker = await RawConnection.ConnectAsync(server.BrokerAddress);
        JsonElement topics = await AskAsync(broker, AllTopics);
        Dictionary<string, string> rows = new(StringComparer.Ordinal)
        {
            ["topic"] = Describe(Find(topics, "topicConfigTable", Topic), TopicFields),
            ["closed topic"] = Describe(Find(topics, "topicConfigTable", Closed), TopicFields),
            ["group"] = Describe(Find(await AskAsync(broker, AllGroups), "subscriptionGroupTable", Group), isVersion5 ? [.. GroupFields, "consumeMessageOrderly", "consumeTimeoutMinute"] : GroupFields),
            ["committed"] = await CommittedAsync(broker),
            ["delivered of level 1"] = await DeliveredAsync(broker, server),
        };
        if (isVersion5)
        {
            rows["topic"] += $" message.type={Text(Find(topics, "topicConfigTable", Topic, "attributes", "message.type"))}";
            rows["mode"] = Text(Find(await AskAsync(broker, AllRequestModes), "messageRequestModeMap", Topic, Group, "mode"));
        }

        return rows;
    }

    /// <summary>As <see cref="ExpectedTimers"/>.</summary>
    public static async Task<string> ReadTimersAsync(ServerUnderTest server)
    {
        await using RawConnection broker = await RawConnection.ConnectAsync(server.BrokerAddress);
        JsonElement metrics = await AskAsync(broker, TimerMetrics);
        return string.Join(' ', ((string[])["Way_kept_timer_waits", "Way_kept_timer_done"]).Select(topic => $"{topic}={(Find(metrics, "timingCount", topic, "count") is { } count ? count : 0)}"));
    }

    /// <summary>The new master goes on where the old one stopped: the rows are the same, the group goes on at its offset, nothing that was delivered is delivered again, and what is sent comes behind the rest.</summary>
    public async Task GoOnAsync(ServerUnderTest master)
    {
        (await ReadAsync(master)).Where(static row => row.Key != "delivered of level 1").Should().Equal(Expected.Where(static row => row.Key != "delivered of level 1"), "{0} has the rows of its master", master.Name);
        await using RawConnection broker = await RawConnection.ConnectAsync(master.BrokerAddress);
        RawFrame sent = await RawBroker.SendAsync(broker, Topic, 0, Encoding.UTF8.GetBytes($"kept {Messages}"));
        (sent.Code, sent.ExtFields["queueOffset"]).Should().Be((RawBroker.Success, $"{Messages}"));
        (await RestAsync(broker)).Should().Equal(Enumerable.Range(Consumed, Messages + 1 - Consumed).Select(static i => $"kept {i}"));

        // Of the same level, so it comes behind whatever the new master delivers again.
        await using WayTraveller later = await WayTraveller.StartAsync(master, "kept_delay_later");
        await later.SendAsync(later.Topic, ["DELAY=1"]);
        await later.ReceiveAsync(later.Topic);
        await using WayTraveller delayed = await WayTraveller.GoOnAsync(master, "kept_delay_done");
        (await delayed.ReadAsync(delayed.Topic)).Should().ContainSingle("{0} knows that it was delivered", master.Name);
        if (isVersion5)
        {
            await using WayTraveller waits = await WayTraveller.GoOnAsync(master, "kept_timer_waits");
            (await waits.ReadAsync(waits.Topic)).Should().BeEmpty("its time is far away");
            await using WayTraveller done = await WayTraveller.GoOnAsync(master, "kept_timer_done");
            (await done.ReadAsync(done.Topic)).Should().ContainSingle("{0} knows that it was delivered", master.Name);
            (await ReadTimersAsync(master)).Should().Be(ExpectedTimers);
        }
    }

    /// <summary>Bodies from the committed offset on. The queue is read until it has its last message: a broker of Apache's acknowledges before it has put that one in.</summary>
    private static async Task<IReadOnlyList<string>> RestAsync(RawConnection broker)
    {
        long from = long.Parse(await CommittedAsync(broker), CultureInfo.InvariantCulture);
        IReadOnlyList<string> bodies = [];
        await Eventually.TrueAsync(
            async () =>
            {
                RawFrame rest = await RawBroker.PullAsync(broker, Topic, 0, from, group: Group);
                bodies = [.. RawRecord.DecodeAll(rest.Body).Select(static message => Encoding.UTF8.GetString(message.Body.Span))];
                return from + bodies.Count > Messages;
            },
            "the queue has the last message");
        return bodies;
    }

    private Dictionary<string, string> TopicRequest(string name, int readQueues, int writeQueues, int perm)
    {
        Dictionary<string, string> fields = RawFields.Topic(name, readQueues, writeQueues, perm);
        if (isVersion5 && name == Topic)
        {
            fields["attributes"] = "+message.type=FIFO";

            // A broker of 4.9 does not keep it.
            fields["order"] = "true";
        }

        return fields;
    }

    private static async Task ChangeAsync(RawConnection broker, int code, Dictionary<string, string> fields, string body = "")
    {
        RawFrame answer = await broker.RequestAsync(code, fields, Encoding.UTF8.GetBytes(body));
        answer.Code.Should().Be(RawBroker.Success, "{0}: {1}", code, answer.Remark);
    }

    /// <summary>Nothing while the broker does not say: its port is open before its store is.</summary>
    private static async Task<JsonElement> AskAsync(RawConnection broker, int code)
    {
        RawFrame answer = await broker.RequestAsync(code);
        if (answer.Code != RawBroker.Success || answer.Body.IsEmpty)
        {
            return default;
        }

        using JsonDocument document = JsonDocument.Parse(answer.Body);
        return document.RootElement.Clone();
    }

    private static async Task<string> CommittedAsync(RawConnection broker) =>
        (await broker.RequestAsync(QueryConsumerOffset, RawFields.Progress(Group, Topic, 0))).ExtFields.GetValueOrDefault("offset", "none");

    /// <summary>A slave of 4.9 writes what it is told into its file, and answers with the empty table of one that has never led.</summary>
    private static async Task<string> DeliveredAsync(RawConnection broker, ServerUnderTest server)
    {
        string file = Path.Combine(server.StoreDirectory, "config", "delayOffset.json");
        string table = Encoding.UTF8.GetString((await broker.RequestAsync(AllDelayOffsets)).Body.Span);
        string? level = FirstLevel(table) ?? (server is ApacheServer && File.Exists(file) ? FirstLevel(await File.ReadAllTextAsync(file)) : null);
        return level ?? "none";
    }

    /// <summary>Java writes the numbers of levels without quotation marks, which is no JSON.</summary>
    private static string? FirstLevel(string table)
    {
        string plain = table.Replace("\"", string.Empty, StringComparison.Ordinal).Replace('{', ',');
        return plain.Split(',', StringSplitOptions.TrimEntries).FirstOrDefault(static entry => entry.StartsWith("1:", StringComparison.Ordinal)) is { } first ? first[2..].Trim(' ', '}', '\n', '\r', '\t') : null;
    }

    private static JsonElement? Find(JsonElement element, params ReadOnlySpan<string> path)
    {
        foreach (string name in path)
        {
            if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(name, out element))
            {
                return null;
            }
        }

        return element;
    }

    private static string Describe(JsonElement? row, string[] fields) => row is { } found ? string.Join(' ', fields.Select(field => $"{field}={Text(Find(found, field))}")) : "none";

    private static string Text(JsonElement? value) => value switch
    {
        null => "none",
        { ValueKind: JsonValueKind.True } => "true",
        { ValueKind: JsonValueKind.False } => "false",
        { } other => other.ToString(),
    };
}
