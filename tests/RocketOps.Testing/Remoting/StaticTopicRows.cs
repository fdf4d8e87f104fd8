using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace RocketOps.Testing.Remoting;

/// <summary>
/// A static topic over two brokers, asked by plain frames from its making over a remapping to its refusals: one table that every broker of RocketMQ 5 has to answer alike. The mapping is
/// what mqadmin writes: logical queues 0 and 2 are broker-a's queues 0 and 1, queue 1 is broker-b's queue 0, and queue 0 moves to broker-b's queue 1 while two messages are in it.
/// </summary>
public sealed class StaticTopicRows(RawConnection a, RawConnection b, string topic)
{
    private const string A = "broker-a";
    private const string B = "broker-b";
    private const string Group = "static_group";
    private const long Epoch = 1_731_999_999_000;

    private static readonly string First = Item(A, 0, 0, 0);
    private static readonly string Undecided = $"{First},{Item(B, 1, 1, -1)}";
    private static readonly string Decided = $"{First},{Item(B, 1, 1, 100)}";

    private readonly List<string> _lines = [];

    /// <summary>What is asked, and the answer. TOPIC stands for the topic.</summary>
    public static IReadOnlyList<string> Expected { get; } =
    [
        "make at a: 0",
        "make at b: 0",
        "config of a: 0, with queues 0 2, epoch 1731999999000, of 3",
        "config of a as a plain topic: 0, without mapping",
        "send to a, queue 0: 0 as 0:0",
        "send to a, queue 0: 0 as 0:1",
        "send to a, queue 2: 0 as 2:0",
        "send to a, queue 1: 501 TOPIC-1 does not exit in request process of current broker broker-a",
        "send to a, queue 7: 501 TOPIC-7 does not exit in request process of current broker broker-a",
        "send to b, queue 1: 0 as 1:0",
        "pull 0 of queue 0 at a: 0, 2 messages, next 2, min 0, max 2, delta 0",
        "pull 2 of queue 0 at a: 19, 0 messages, next 2, min 0, max 2, delta 0",
        "pull 5 of queue 0 at a: 19, 0 messages, next 2, min 0, max 2, delta 0",
        "pull 0 of queue 1 at a: 501 TOPIC-1 cannot find mapping item in request process of current broker broker-a",
        "pull 0 of physical queue 1 at a: 0, 1 messages, next 1, min 0, max 1",
        "max of queue 0 at a: 0 offset 2",
        "min of queue 0 at a: 0 offset 0",
        "by time 0 of queue 0 at a: 0 offset 0",
        "max of queue 1 at a: 501 TOPIC-1 does not exit in request process of current broker broker-a",
        "min of queue 1 at a: 501 TOPIC-1 is not leader in broker broker-a, request code 31",
        "by time 0 of queue 1 at a: 501 TOPIC-1 does not exit in request process of current broker broker-a",
        "progress of queue 0 at a: 0 offset 0",
        "commit 1 of queue 0 at a: 0",
        "progress of queue 0 at a: 0 offset 1",
        "commit 1 of queue 1 at a: 501 TOPIC-1 does not exit in request process of current broker broker-a",
        "progress of queue 1 at a: 501 TOPIC-1 does not exit in request process of current broker broker-a",
        "an older epoch: 1 Can't accept data with small epoch 1731999998999 < 1731999999000",
        "another scope: 1 Can't accept data with unmatched scope other != __global__",
        "a queue less, same epoch: 1 Cannot accept equal epoch with null data",
        "another leader, same epoch: 1 The new leader is different but epoch equal",
        "a negative queue: 1 The field is illegal, should not be negative",
        "an end before its start: 1 The endOffset is smaller than the start offset",
        "gens that do not rise: 1 The gen does not increase monotonically",
        "logic offsets that do not rise: 1 The base logic offset does not increase monotonically",
        "an undecided item that is not the last: 1 The non-latest item has negative logic offset",
        "a bad name: 29",
        "remap at b, undecided: 0",
        "remap at a: 0",
        "send to a, queue 0: 501 TOPIC-0 does not exit in request process of current broker broker-a",
        "pull 0 of queue 0 at a: 501 TOPIC-0 cannot find mapping item in request process of current broker broker-a",
        "send to b, queue 0: 0 as 0:-1",
        "pull 2 of queue 0 at b: 19, 0 messages, next 2, min 0, max 2, delta 0",
        "remap at b, decided: 0",
        "config of b: 0, with queues 0 1, epoch 1732000000000, of 3",
        "send to b, queue 0: 0 as 0:101",
        "pull 0 of queue 0 at b: 0, 2 messages, next 2, min 0, max 100, delta 0",
        "pull 1 of queue 0 at b: 0, 1 messages, next 2, min 0, max 100, delta 0",
        "pull 2 of queue 0 at b: 20, 0 messages, next 100, min 100, max 100, delta 100",
        "pull 50 of queue 0 at b: 20, 0 messages, next 100, min 100, max 100, delta 100",
        "pull 100 of queue 0 at b: 0, 2 messages, next 102, min 100, max 102, delta 100",
        "pull 102 of queue 0 at b: 19, 0 messages, next 102, min 100, max 102, delta 100",
        "max of queue 0 at b: 0 offset 102",
        "min of queue 0 at b: 0 offset 0",
        "by time 0 of queue 0 at b: 0 offset 0",
        "by the last time of queue 0 at b: 0 offset 102",
        "progress of queue 0 at b: 0 offset 1",
        "commit 2 of queue 0 at b: 0",
        "progress of queue 0 at b: 0 offset 2",
        "commit 101 of queue 0 at b: 0",
        "progress of queue 0 at b: 0 offset 101",
        "config of an unknown topic: 17 No topic in this broker. topic: TOPIC_unknown",
    ];

    /// <summary>Asks all of it.</summary>
    public async Task<IReadOnlyList<string>> AskAsync()
    {
        await MakeGroupAsync(a);
        await MakeGroupAsync(b);
        await BeforeRemappingAsync();
        await RefusalsAsync();
        await RemappingAsync();
        return _lines;
    }

    /// <summary>A request to make or change the topic with this mapping.</summary>
    public static Task<RawFrame> MakeAsync(RawConnection broker, string topic, int queues, string mapping)
    {
        Dictionary<string, string> fields = RawFields.Topic(topic, queues);
        fields["force"] = "false";
        return broker.RequestAsync(513, fields, Encoding.UTF8.GetBytes(mapping));
    }

    /// <summary>A mapping as mqadmin writes it, with numbers for names.</summary>
    public static string Mapping(string topic, string broker, long epoch, int total, string queues, string scope = "__global__") =>
        $$"""{"bname":"{{broker}}","currIdMap":{},"dirty":false,"epoch":{{Text(epoch)}},"hostedQueues":{{{queues}}},"scope":"{{scope}}","topic":"{{topic}}","totalQueues":{{Text(total)}}}""";

    public static string Item(string broker, int gen, int queueId, long logicOffset, long endOffset = -1) =>
        $$"""{"bname":"{{broker}}","endOffset":{{Text(endOffset)}},"gen":{{Text(gen)}},"logicOffset":{{Text(logicOffset)}},"queueId":{{Text(queueId)}},"startOffset":0,"timeOfEnd":-1,"timeOfStart":-1}""";

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static async Task MakeGroupAsync(RawConnection broker) =>
        await broker.RequestAsync(200, body: RawFields.Group(Group, more: ("consumeBroadcastEnable", "true")));

    private async Task BeforeRemappingAsync()
    {
        string atA = $"0:[{First}],2:[{Item(A, 0, 1, 0)}]";
        await MakeAsync("make at a", a, 2, Mapping(topic, A, Epoch, 3, atA));
        await MakeAsync("make at b", b, 1, Mapping(topic, B, Epoch, 3, $"1:[{Item(B, 0, 0, 0)}]"));
        await ConfigAsync("config of a", a, topic, logical: true);
        await ConfigAsync("config of a as a plain topic", a, topic, logical: false);
        await SendAsync("a", a, 0);
        await SendAsync("a", a, 0);
        await SendAsync("a", a, 2);
        await SendAsync("a", a, 1);
        await SendAsync("a", a, 7);
        await SendAsync("b", b, 1);
        await ReachedAsync(a, 0, 2);
        await ReachedAsync(a, 2, 1);
        await PullAsync("a", a, 0, 0);
        await PullAsync("a", a, 0, 2);
        await PullAsync("a", a, 0, 5);
        await PullAsync("a", a, 1, 0);
        RawFrame physical = await PullFrameAsync(a, 1, 0, logical: false);
        Add("pull 0 of physical queue 1 at a", physical, Pulled(physical));
        await OffsetAsync("max", "a", a, 0, 30);
        await OffsetAsync("min", "a", a, 0, 31);
        await OffsetAsync("by time 0", "a", a, 0, 29);
        await OffsetAsync("max", "a", a, 1, 30);
        await OffsetAsync("min", "a", a, 1, 31);
        await OffsetAsync("by time 0", "a", a, 1, 29);
        await OffsetAsync("progress", "a", a, 0, 14);
        await CommitAsync("a", a, 0, 1);
        await OffsetAsync("progress", "a", a, 0, 14);
        await CommitAsync("a", a, 1, 1);
        await OffsetAsync("progress", "a", a, 1, 14);
    }

    private async Task RefusalsAsync()
    {
        string second = $"2:[{Item(A, 0, 1, 0)}]";
        string atA = $"0:[{First}],{second}";
        await MakeAsync("an older epoch", a, 2, Mapping(topic, A, Epoch - 1, 3, atA));
        await MakeAsync("another scope", a, 2, Mapping(topic, A, Epoch + 1, 3, atA, scope: "other"));
        await MakeAsync("a queue less, same epoch", a, 2, Mapping(topic, A, Epoch, 3, $"0:[{First}]"));
        await MakeAsync("another leader, same epoch", a, 2, Mapping(topic, A, Epoch, 3, $"0:[{Item(A, 0, 5, 0)}],{second}"));
        await MakeAsync("a negative queue", a, 2, Mapping(topic, A, Epoch, 3, $"0:[{Item(A, 0, -1, 0)}],{second}"));
        await MakeAsync("an end before its start", a, 2, Mapping(topic, A, Epoch, 3, $"0:[{Item(A, 0, 0, 0, endOffset: -2)}],{second}"));
        await MakeAsync("gens that do not rise", a, 2, Mapping(topic, A, Epoch, 3, $"0:[{Item(A, 1, 0, 0)},{Item(B, 1, 1, 100)}],{second}"));
        await MakeAsync("logic offsets that do not rise", a, 2, Mapping(topic, A, Epoch, 3, $"0:[{Item(A, 0, 0, 100)},{Item(B, 1, 1, 100)}],{second}"));
        await MakeAsync("an undecided item that is not the last", a, 2, Mapping(topic, A, Epoch, 3, $"0:[{Item(A, 0, 0, -1)},{Item(B, 1, 1, 100)}],{second}"));
        RawFrame named = await MakeAsync(a, "bad name", 1, Mapping("bad name", A, Epoch, 1, $"0:[{First}]"));
        Add("a bad name", named);
    }

    private async Task RemappingAsync()
    {
        const long later = 1_732_000_000_000;
        string own = $"1:[{Item(B, 0, 0, 0)}]";
        await MakeAsync("remap at b, undecided", b, 2, Mapping(topic, B, later, 3, $"0:[{Undecided}],{own}"));
        await MakeAsync("remap at a", a, 2, Mapping(topic, A, later, 3, $"0:[{Undecided}],2:[{Item(A, 0, 1, 0)}]"));
        await SendAsync("a", a, 0);
        await PullAsync("a", a, 0, 0);
        await SendAsync("b", b, 0);
        // Apache's brokers learn each other's addresses from time to time.
        await Eventually.TrueAsync(async () => (await PullFrameAsync(b, 0, 0, logical: true)).Code == RawBroker.Success, "broker-b asks broker-a", TimeSpan.FromMinutes(3));
        await PullAsync("b", b, 0, 2);
        await MakeAsync("remap at b, decided", b, 2, Mapping(topic, B, later, 3, $"0:[{Decided}],{own}"));
        await ConfigAsync("config of b", b, topic, logical: true);
        await SendAsync("b", b, 0);
        await ReachedAsync(b, 0, 102);
        foreach (long offset in (long[])[0, 1, 2, 50, 100, 102])
        {
            await PullAsync("b", b, 0, offset);
        }

        await OffsetAsync("max", "b", b, 0, 30);
        await OffsetAsync("min", "b", b, 0, 31);
        await OffsetAsync("by time 0", "b", b, 0, 29);
        await OffsetAsync("by the last time", "b", b, 0, 29, timestamp: 4_102_444_800_000);
        await OffsetAsync("progress", "b", b, 0, 14);
        await CommitAsync("b", b, 0, 2);
        await OffsetAsync("progress", "b", b, 0, 14);
        await CommitAsync("b", b, 0, 101);
        await OffsetAsync("progress", "b", b, 0, 14);
        await ConfigAsync("config of an unknown topic", a, $"{topic}_unknown", logical: true);
    }

    private async Task MakeAsync(string what, RawConnection broker, int queues, string mapping)
    {
        RawFrame answer = await MakeAsync(broker, topic, queues, mapping);
        Add(what, answer, Remark(answer));
    }

    private async Task ConfigAsync(string what, RawConnection broker, string name, bool logical)
    {
        Dictionary<string, string> fields = RawFields.Of(("topic", name));
        if (logical)
        {
            fields["lo"] = "true";
        }

        RawFrame answer = await broker.RequestAsync(351, fields);
        Add(what, answer, answer.Code == RawBroker.Success ? Described(Encoding.UTF8.GetString(answer.Body.Span)) : Remark(answer));
    }

    /// <summary>The mapping in the body, whose keys are bare numbers with RocketMQ's writer.</summary>
    private static string Described(string body)
    {
        if (!body.Contains("mappingDetail", StringComparison.Ordinal))
        {
            return ", without mapping";
        }

        IEnumerable<string> queues = Regex.Matches(body, "[{,]\"?(?<id>[0-9]+)\"?:\\[", RegexOptions.NonBacktracking).Select(static match => match.Groups["id"].Value).Order(StringComparer.Ordinal);
        return $", with queues {string.Join(' ', queues)}, epoch {NumberIn(body, "epoch")}, of {NumberIn(body, "totalQueues")}";
    }

    private static string NumberIn(string body, string name) => Regex.Match(body, $"\"{name}\":(?<number>[0-9]+)", RegexOptions.NonBacktracking).Groups["number"].Value;

    private async Task SendAsync(string name, RawConnection broker, int queueId)
    {
        RawFrame answer = await RawBroker.SendAsync(broker, topic, queueId, "static"u8.ToArray());
        Add($"send to {name}, queue {queueId}", answer, answer.Code == RawBroker.Success ? $" as {answer.ExtFields["queueId"]}:{answer.ExtFields["queueOffset"]}" : Remark(answer));
    }

    private async Task PullAsync(string name, RawConnection broker, int queueId, long offset)
    {
        RawFrame answer = await PullFrameAsync(broker, queueId, offset, logical: true);
        Add($"pull {offset} of queue {queueId} at {name}", answer, Pulled(answer));
    }

    private Task<RawFrame> PullFrameAsync(RawConnection broker, int queueId, long offset, bool logical)
    {
        Dictionary<string, string> fields = RawFields.Pull(Group, topic, queueId, offset);
        if (!logical)
        {
            fields["lo"] = "false";
        }

        return broker.RequestAsync(11, fields);
    }

    private static string Pulled(RawFrame answer)
    {
        if (!answer.ExtFields.TryGetValue("nextBeginOffset", out string? next))
        {
            return Remark(answer);
        }

        int messages = answer.Code == RawBroker.Success ? RawRecord.DecodeAll(answer.Body).Count : 0;
        string delta = answer.ExtFields.TryGetValue("offsetDelta", out string? value) ? $", delta {value}" : string.Empty;
        return $", {messages} messages, next {next}, min {answer.ExtFields["minOffset"]}, max {answer.ExtFields["maxOffset"]}{delta}";
    }

    private async Task OffsetAsync(string what, string name, RawConnection broker, int queueId, int code, long timestamp = 0)
    {
        RawFrame answer = await OffsetAsync(broker, queueId, code, timestamp);
        Add($"{what} of queue {queueId} at {name}", answer, answer.Code == RawBroker.Success ? $" offset {answer.ExtFields["offset"]}" : Remark(answer));
    }

    private Task<RawFrame> OffsetAsync(RawConnection broker, int queueId, int code, long timestamp = 0)
    {
        Dictionary<string, string> fields = RawFields.Progress(Group, topic, queueId);
        fields["timestamp"] = Text(timestamp);
        return broker.RequestAsync(code, fields);
    }

    private async Task CommitAsync(string name, RawConnection broker, int queueId, long offset)
    {
        RawFrame answer = await RawBroker.UpdateOffsetAsync(broker, Group, topic, queueId, offset);
        Add($"commit {offset} of queue {queueId} at {name}", answer, answer.Code == RawBroker.Success ? string.Empty : Remark(answer));
    }

    /// <summary>What was sent is in its queue.</summary>
    private async Task ReachedAsync(RawConnection broker, int queueId, long end) => await Eventually.TrueAsync(
        async () => (await OffsetAsync(broker, queueId, 30)).ExtFields.GetValueOrDefault("offset") == Text(end), $"queue {queueId} of {topic} ends at {end}");

    /// <summary>Why it is refused; what a broker remarks on a success is for people.</summary>
    private static string Remark(RawFrame answer) => answer.Code == RawBroker.Success || string.IsNullOrEmpty(answer.Remark) ? string.Empty : $" {answer.Remark}";

    private void Add(string what, RawFrame answer, string more = "") => _lines.Add($"{what}: {answer.Code}{more}".Replace(topic, "TOPIC", StringComparison.Ordinal));
}
