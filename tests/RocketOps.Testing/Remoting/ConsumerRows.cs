using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace RocketOps.Testing.Remoting;

/// <summary>
/// What the reference says of pulls, queue locks, heartbeats and offsets (remoting.md §5.6, §5.8, §5.9), asked of a broker line by line by plain frames. The lines stand in the order of the reference, each part under the
/// sentence it is about; what Apache's 5.5.0 answers otherwise is in <see cref="ExpectedOfApache5"/>. The broker's settings are as before at the end, but for <c>enablePropertyFilter</c>, which is on.
/// </summary>
public sealed class ConsumerRows(Func<Task<RawConnection>> connect, string topic)
{
    private const int PullMessage = 11;
    private const int QueryConsumerOffset = 14;
    private const int UpdateAndCreateTopic = 17;
    private const int UpdateBrokerConfig = 25;
    private const int SearchOffsetByTimestamp = 29;
    private const int GetMaxOffset = 30;
    private const int GetMinOffset = 31;
    private const int HeartBeat = 34;
    private const int UnregisterClient = 35;
    private const int GetConsumerListByGroup = 38;
    private const int NotifyConsumerIdsChanged = 40;
    private const int LockBatch = 41;
    private const int UnlockBatch = 42;
    private const int UpdateAndCreateSubscriptionGroup = 200;
    private const int GetConsumerConnectionList = 203;
    private const int GetTopicConfig = 351;
    private const int UpdateAndGetGroupForbidden = 353;
    private const int LitePullMessage = 361;

    // Bits of a pull's sysFlag (remoting.md §2.3).
    private const int BringsProgress = 1;
    private const int MayWait = RawFields.MayWait;
    private const int BringsSubscription = RawFields.HasSubscription;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly List<string> _lines = [];
    private RawConnection _one = null!;
    private RawConnection _other = null!;

    /// <summary>What is asked, and our answer.</summary>
    public static IReadOnlyList<string> Expected { get; } =
    [
        // §5.6: the order of the checks. Each pull would fail the checks that follow, too.
        // "broker readable (16)"
        "pull of a broker that may not be read: 16",
        // "361 enabled (16)"
        "lite pull where they are off: 16",
        // "group config, auto-created if autoCreateSubscriptionGroup (26)"
        "pull of a group that may not be made: 26",
        // "group consumeEnable (16)"
        "pull of a group that may not consume: 16",
        // "topic (17)"
        "pull from a topic that is not there: 17",
        // "topic readable (16)"
        "pull from a topic that may not be read: 16",
        // "queueId range (4.9.8: 1, 5.3: 29)"
        "pull from queue 2 of 2: 29",
        "pull from queue -1: 29",
        // "flag bit 2 set: parse header (23)"
        "pull that brings an expression that is none: 23",
        // "group info from heartbeats (24)"
        "pull of a group that nobody is a member of: 24",
        // "broadcasting allowed (16)"
        "pull of a group that may not broadcast and does: 16",
        // "forbidden flag (16)"
        "pull from a topic that the group may not read: 16",
        // "subscription of that topic (24)"
        "pull from a topic that the group does not subscribe to: 24",
        // "stored subVersion < header subVersion (25)"
        "pull with a newer expression: 25",
        "pull with newer tags: 0, 3 messages, next 3, min 0, max 3, broker 0",
        // "SQL filter data missing (27)"
        "pull of a group whose expression is none: 27",
        // "non-TAG expression and enablePropertyFilter=false (1)"
        "pull by expression where they are off: 1",
        "pull that brings an expression where they are off: 1",
        // "rejectPullConsumerEnable (24)"
        "pull without a member where such are rejected: 24",
        "pull of a pull consumer where such are rejected: 24",
        "pull of one that was a member before: 0, 3 messages, next 3, min 0, max 3, broker 0",

        // "nextBeginOffset, minOffset, maxOffset and suggestWhichBrokerId are present in every answer that passed the checks, also 19/20/21"
        "pull of all: 0, 3 messages, next 3, min 0, max 3, broker 0",
        "pull of 1: 0, 1 messages, next 1, min 0, max 3, broker 0",
        "pull by tag: 0, 2 messages, next 3, min 0, max 3, broker 0",
        // "When the queue has data but the filter matched nothing: 20 with nextBeginOffset beyond the scanned part"
        "pull by a tag of no message: 20, 0 messages, next 3, min 0, max 3, broker 0",
        // "offset == max: hold; offset > max or < min: 21"
        "pull from the end: 19, 0 messages, next 3, min 0, max 3, broker 0",
        "pull from behind the end: 21, 0 messages, next 3, min 0, max 3, broker 0",
        "pull from before the beginning: 21, 0 messages, next 0, min 0, max 3, broker 0",
        // "queue empty: requested offset 0: 19 (hold); otherwise 21 with nextBeginOffset 0"
        "pull from an empty queue: 19, 0 messages, next 0, min 0, max 0, broker 0",
        "pull from within an empty queue: 21, 0 messages, next 0, min 0, max 0, broker 0",
        // "After a hold expires: the pull is executed again without permission to suspend: 19 and nextBeginOffset = requested offset"
        "pull from the end that waits a moment: 19, 0 messages, next 3, min 0, max 3, broker 0",
        // "The commit in the header (bit 0) is stored"
        "pull that brings progress: 0, 1 messages, next 3, min 0, max 3, broker 0",
        "progress that it has brought: 0, offset 2",
        // "bit 0 (1) commit offset present" (§2.3): without the field there is none to store
        "pull that says it brings progress, and does not: 1",
        "progress after that: 0, offset 2",
        // "stored only on the first pass (brokerAllowSuspend), i.e. before the request is parked"
        "progress that a waiting pull has brought: 0, offset 2",
        "commit while it waits: 0",
        "pull that waited: 0, 1 messages, next 1, min 0, max 1, broker 0",
        "progress after it: 0, offset 3",
        // "longPollingEnable=false -> 1000 ms"
        "pull from the end that would wait for an hour, without long polling: 19, 0 messages, next 3, min 0, max 3, broker 0",
        // "batch limits (memory 256 KiB / 32 messages, …)"
        "pull of 100 of 40 messages: 0, 32 messages, next 32, min 0, max 40, broker 0",
        "pull of 32 of 4 messages of 100 KiB: 0, 2 messages, next 2, min 0, max 4, broker 0",

        // §5.8: "Lock succeeds if free, owned by the same clientId (refreshes) or expired"
        "lock by one: 0, 1 given",
        "lock by another: 0, 0 given",
        "lock by one again: 0, 1 given",
        // "Unlock only by owner"
        "unlock by another: 0",
        "lock by another after that: 0, 0 given",
        "unlock by one: 0",
        "lock by another at last: 0, 1 given",
        "lock of a topic that is not there: 0, 0 given",

        // §5.9: "create %RETRY%<group>"
        "retry topic before: 17",
        "join: 0",
        "retry topic: 0",
        // "38 lists clientIds of live channels"
        "members: 0 one",
        // "CHANGE event (40 to all channels of the group): a new channel, a topic added or removed, a channel closed, 35"
        "another joins: 0",
        "the first is told of its group: yes",
        "members: 0 one other",
        "another adds a topic: 0",
        "the first is told of its group: yes",
        "another drops it: 0",
        "the first is told of its group: yes",
        "another leaves: 0",
        "the first is told of its group: yes",
        "members: 0 one",
        "another joins: 0",
        "the first is told of its group: yes",
        "the first is told of its group: yes",
        "members: 0 one",
        // "A group whose config does not exist and cannot be auto-created is skipped silently (response still 0)"
        "join a group that may not be made: 0",
        "members of it: 1",
        // "replace when subVersion is larger"
        "join by tag A, version 5: 0",
        "join by tag B, version 4: 0",
        "pull: 0, 2 messages, next 3, min 0, max 3, broker 0",
        "join by tag B, version 6: 0",
        "pull: 0, 1 messages, next 3, min 0, max 3, broker 0",
        // "remove topics that are missing from this heartbeat"
        "join without the topic: 0",
        "pull: 24",
        // "consumeType, messageModel, consumeFromWhere (last heartbeat wins)"
        "join as a pull consumer: 0",
        "kind of the group: 0 CONSUME_ACTIVELY CLUSTERING CONSUME_FROM_LAST_OFFSET",
        "join as one that gets everything from the first: 0",
        "kind of the group: 0 CONSUME_PASSIVELY BROADCASTING CONSUME_FROM_FIRST_OFFSET",
        // "(retryQueueNums, perm 6)"
        "join a group with 3 queues for retries: 0",
        "retry topic: 0, 3 queues, permission 6",
        // "Not for BROADCASTING in 5.3"
        "another joins a group that broadcasts: 0, the first is not told",
        // "when broker and group notifyConsumerIdsChangedEnable are true"
        "another joins a group whose members are not told: 0, the first is not told",
        "another joins while no members are told: 0, the first is not told",
        // "Two processes with the same clientId collapse"
        "another joins by the same name: 0, the first is told",
        "members of one name: 0 one",
        // "A clientId change on a known channel is not a change"
        "another changes its name: 0, the first is told",
        "members: 0 one other",

        // "Query (14) unknown: queue min ≤ 0 and record 0 still in memory: 0, else 22 (5.3: setZeroIfNotFound=false: 22 at once)"
        "progress of a new group: 0, offset 0",
        "progress of a new group that is not to be 0: 22",
        "progress of a new group in an empty queue: 0, offset 0",
        // "any value accepted, lower value only logged"
        "commit 3: 0",
        "progress: 0, offset 3",
        "commit 1: 0",
        "progress: 0, offset 1",
        "commit 99: 0",
        "progress: 0, offset 99",
        "commit -1: 29",
        "commit for a topic that is not there: 17",
        // "LAST: max offset (30) …; TIMESTAMP: 29"
        "max offset: 0, offset 3",
        "min offset: 0, offset 0",
        "offset by the time of nothing yet: 0, offset 0",
        "offset by a time to come: 0, offset 3",
        "max offset of an empty queue: 0, offset 0",
        "min offset of an empty queue: 0, offset 0",
    ];

    /// <summary>What is asked while time passes and the broker starts again, and our answer.</summary>
    public static IReadOnlyList<string> ExpectedOfTime { get; } =
    [
        // §5.8: "expired: > 60 000 ms since last update"
        "lock by one: 0, 1 given",
        "lock by another after 60 s: 0, 0 given",
        "lock by another after 1 ms more: 0, 1 given",
        "lock by one: 0, 0 given",
        // "Nothing is persisted; after a broker restart all locks are free"
        "lock by one after a restart: 0, 1 given",
        // §5.9: "last update older than 120 s -> channel closed and removed"
        "join: 0",
        "members after 120 s: 0 one",
        "members after 1 ms more: 1",
        "the connection of the one: closed",
    ];

    /// <summary>What is asked of a queue whose first messages have expired, and our answer.</summary>
    public static IReadOnlyList<string> ExpectedOfExpiry { get; } =
    [
        // §5.9: "14, 29, 30 must be right for a topic with expired head"
        "progress of a new group: 22",
        "max offset: 0, offset 4",
        "min offset: 0, offset 3",
        "offset by the time of nothing yet: 0, offset 3",
        "offset by a time to come: 0, offset 4",
        // §5.6: "offset > max or < min: 21"
        "pull from the first that was: 21, 0 messages, next 3, min 3, max 4, broker 0",
        "pull from the first that is: 0, 1 messages, next 4, min 3, max 4, broker 0",
    ];

    /// <summary>What Apache's 5.5.0 answers. The reasons stand in docs/compatibility.md.</summary>
    public static IReadOnlyList<string> ExpectedOfApache5 { get; } =
    [
        .. Expected.Select(static line => line switch
        {
            "pull that brings an expression that is none: 23" => "pull that brings an expression that is none: 0, 3 messages, next 3, min 0, max 3, broker 0",
            "pull with newer tags: 0, 3 messages, next 3, min 0, max 3, broker 0" => "pull with newer tags: 25",
            "pull that says it brings progress, and does not: 1" => "pull that says it brings progress, and does not: no answer",
            "lock of a topic that is not there: 0, 0 given" => "lock of a topic that is not there: 0, 1 given",
            "progress of a new group in an empty queue: 0, offset 0" => "progress of a new group in an empty queue: 22",
            "commit -1: 29" => "commit -1: 0",
            "members of one name: 0 one" => "members of one name: 0 one one",
            "another changes its name: 0, the first is told" => "another changes its name: 0, the first is not told",
            _ => line,
        }),
    ];

    /// <summary>Asks all of it.</summary>
    public async Task<IReadOnlyList<string>> AskAsync()
    {
        _one = await connect();
        _other = await connect();
        await using (_one)
        await using (_other)
        {
            await PrepareAsync();
            await ChecksAsync();
            await PullsAsync();
            await LocksAsync();
            await GroupsAsync();
            await NoticesAsync();
            await OffsetsAsync();
        }

        return _lines;
    }

    /// <summary>Asks what has to do with time.</summary>
    /// <param name="pass">Lets so much time pass for the broker, and nothing else, and has it look for what is over.</param>
    /// <param name="restart">Ends the broker and starts it anew on its store.</param>
    public async Task<IReadOnlyList<string>> AskOfTimeAsync(Func<TimeSpan, Task> pass, Func<Task> restart)
    {
        TimeSpan moment = TimeSpan.FromMilliseconds(1);
        await using (_one = await connect())
        {
            await DoneAsync(RawBroker.CreateTopicAsync(_one, topic, 2));
            await MakeGroupAsync("plain");
            await LockAsync("lock by one", "one", topic);
            await pass(TimeSpan.FromSeconds(60));
            await LockAsync("lock by another after 60 s", "other", topic);
            await pass(moment);
            await LockAsync("lock by another after 1 ms more", "other", topic);
            await LockAsync("lock by one", "one", topic);
        }

        await restart();
        await using (_one = await connect())
        await using (_other = await connect())
        {
            await LockAsync("lock by one after a restart", "one", topic);
            await JoinAsync("silent", "one", [Wants(topic)], "join");
            await pass(TimeSpan.FromSeconds(120));
            await MembersAsync("members after 120 s", _other, "silent");
            await pass(moment);
            await MembersAsync("members after 1 ms more", _other, "silent");
            using CancellationTokenSource timeout = new(Patience);
            _lines.Add($"the connection of the one: {(await _one.ReceiveAsync(timeout.Token) is null ? "closed" : "open")}");
        }

        return _lines;
    }

    /// <summary>Two queues, the first with three messages; a topic to write to only, and one more.</summary>
    private async Task PrepareAsync()
    {
        await ConfigureAsync("enablePropertyFilter=true");
        await DoneAsync(RawBroker.CreateTopicAsync(_one, topic, 2));
        await DoneAsync(RawBroker.CreateTopicAsync(_one, $"{topic}_more", 1));
        await DoneAsync(_one.RequestAsync(UpdateAndCreateTopic, RawFields.Topic($"{topic}_w", 1, perm: 2)));
        await DoneAsync(RawBroker.CreateTopicAsync(_one, $"{topic}_many", 2));
        for (int i = 0; i < 40; i++)
        {
            await DoneAsync(RawBroker.SendAsync(_one, $"{topic}_many", 0, "small"u8.ToArray()));
        }

        for (int i = 0; i < 4; i++)
        {
            await DoneAsync(RawBroker.SendAsync(_one, $"{topic}_many", 1, new byte[100 * 1024]));
        }

        foreach (string tag in (string[])["A", "B", "A"])
        {
            await DoneAsync(RawBroker.SendAsync(_one, topic, 0, Encoding.UTF8.GetBytes(tag), $"TAGS\u0001{tag}\u0002"));
        }

        foreach ((string name, int queueId, string end) in ((string, int, string)[])[(topic, 0, "3"), ($"{topic}_many", 0, "40"), ($"{topic}_many", 1, "4")])
        {
            await Eventually.TrueAsync(async () => (await _one.RequestAsync(GetMaxOffset, RawFields.Queue(name, queueId))).ExtFields.GetValueOrDefault("offset") == end, $"{name} has its messages");
        }

        await MakeGroupAsync("plain");
        await MakeGroupAsync("idle", consume: false);
        await MakeGroupAsync("silent", broadcast: false);
    }

    private async Task ChecksAsync()
    {
        await ConfigureAsync("brokerPermission=2");
        await PullAsync("pull of a broker that may not be read", "absent", code: LitePullMessage, from: "absent");
        await ConfigureAsync("brokerPermission=6\nlitePullMessageEnable=false");
        await PullAsync("lite pull where they are off", "absent", code: LitePullMessage, from: "absent");
        await ConfigureAsync("litePullMessageEnable=true\nautoCreateSubscriptionGroup=false");
        await PullAsync("pull of a group that may not be made", "absent", from: "absent");
        await ConfigureAsync("autoCreateSubscriptionGroup=true");
        await PullAsync("pull of a group that may not consume", "idle", from: "absent");
        await PullAsync("pull from a topic that is not there", "plain", from: "absent");
        await PullAsync("pull from a topic that may not be read", "plain", from: $"{topic}_w", queueId: 9);
        await PullAsync("pull from queue 2 of 2", "plain", queueId: 2);
        await PullAsync("pull from queue -1", "plain", queueId: -1);
        await PullAsync("pull that brings an expression that is none", "plain", flags: BringsSubscription, subscription: "a >", type: "SQL92");
        await PullAsync("pull of a group that nobody is a member of", "plain");
        await JoinAsync("silent", "one", [Wants(topic)], model: "BROADCASTING");
        await PullAsync("pull of a group that may not broadcast and does", "silent", from: $"{topic}_more");
        await JoinAsync("plain", "one", [Wants(topic, version: 5)]);
        await ForbidAsync("plain", $"{topic}_more", readable: false);
        await PullAsync("pull from a topic that the group may not read", "plain", from: $"{topic}_more");
        await ForbidAsync("plain", $"{topic}_more", readable: true);
        await PullAsync("pull from a topic that the group does not subscribe to", "plain", from: $"{topic}_more");
        await PullAsync("pull with a newer expression", "plain", type: "SQL92", version: 6);
        await PullAsync("pull with newer tags", "plain", version: 6);
        await JoinAsync("wrong", "one", [Wants(topic, "a >", "SQL92")]);
        await PullAsync("pull of a group whose expression is none", "wrong");
        await JoinAsync("sql", "one", [Wants(topic, "a = 1", "SQL92")]);
        await ConfigureAsync("enablePropertyFilter=false");
        await PullAsync("pull by expression where they are off", "sql");
        await PullAsync("pull that brings an expression where they are off", "sql", flags: BringsSubscription, subscription: "a = 1", type: "SQL92");
        await JoinAsync("before", "one", [Wants(topic)], type: "CONSUME_ACTIVELY");
        await ConfigureAsync("enablePropertyFilter=true\nrejectPullConsumerEnable=true");
        await JoinAsync("pulling", "one", [Wants(topic)], type: "CONSUME_ACTIVELY");
        await PullAsync("pull without a member where such are rejected", "stranger", flags: BringsSubscription);
        await PullAsync("pull of a pull consumer where such are rejected", "pulling");
        await PullAsync("pull of one that was a member before", "before");
        await ConfigureAsync("rejectPullConsumerEnable=false");
    }

    private async Task PullsAsync()
    {
        await PullAsync("pull of all", "plain");
        await PullAsync("pull of 1", "plain", most: 1);
        await PullAsync("pull by tag", "tagged", flags: BringsSubscription, subscription: "A");
        await PullAsync("pull by a tag of no message", "tagged", flags: BringsSubscription, subscription: "X");
        await PullAsync("pull from the end", "plain", offset: 3);
        await PullAsync("pull from behind the end", "plain", offset: 5);
        await PullAsync("pull from before the beginning", "plain", offset: -1);
        await PullAsync("pull from an empty queue", "plain", queueId: 1);
        await PullAsync("pull from within an empty queue", "plain", queueId: 1, offset: 5);
        await PullAsync("pull from the end that waits a moment", "plain", offset: 3, flags: MayWait, wait: 1);
        await PullAsync("pull that brings progress", "plain", offset: 2, flags: BringsProgress, progress: 2);
        await OffsetAsync("progress that it has brought", QueryConsumerOffset, group: "plain");
        await PullWithoutProgressAsync("pull that says it brings progress, and does not", "plain");
        await OffsetAsync("progress after that", QueryConsumerOffset, group: "plain");
        await PullThatWaitsAsync();
        await ConfigureAsync("longPollingEnable=false");
        await PullAsync("pull from the end that would wait for an hour, without long polling", "plain", offset: 3, flags: MayWait, wait: 3_600_000);
        await ConfigureAsync("longPollingEnable=true");
        await PullAsync("pull of 100 of 40 messages", "many", from: $"{topic}_many", most: 100, flags: BringsSubscription);
        await PullAsync("pull of 32 of 4 messages of 100 KiB", "many", from: $"{topic}_many", queueId: 1, flags: BringsSubscription);
    }

    /// <summary>A pull that brings progress and waits; meanwhile the group gets further, and then the message comes.</summary>
    private async Task PullThatWaitsAsync()
    {
        string name = $"{topic}_more";
        Task pull = PullAsync("pull that waited", "waiting", from: name, flags: BringsProgress | MayWait | BringsSubscription, progress: 2, wait: 3_600_000);
        await Eventually.TrueAsync(async () => (await ProgressAsync()).ExtFields.GetValueOrDefault("offset") == "2", "the pull waits", Patience);
        await AddProgressAsync("progress that a waiting pull has brought");
        Add("commit while it waits", await RawBroker.UpdateOffsetAsync(_other, Group("waiting"), name, 0, 3));
        await DoneAsync(RawBroker.SendAsync(_other, name, 0, "late"u8.ToArray()));
        await pull;
        await AddProgressAsync("progress after it");

        Task<RawFrame> ProgressAsync() => _other.RequestAsync(QueryConsumerOffset, RawFields.Progress(Group("waiting"), name, 0));

        async Task AddProgressAsync(string what)
        {
            RawFrame answer = await ProgressAsync();
            Add(what, answer, $", offset {answer.ExtFields.GetValueOrDefault("offset")}");
        }
    }

    /// <summary>Its answer comes before that of the question behind it on a connection of their own, or not at all.</summary>
    private async Task PullWithoutProgressAsync(string what, string group)
    {
        const int Pull = 1;
        const int Behind = 2;
        Dictionary<string, string> fields = RawFields.Pull(Group(group), topic, 0, 0, sysFlag: BringsProgress, subscription: null);
        fields.Remove("commitOffset");
        fields.Remove("expressionType");
        await using RawConnection own = await connect();
        await own.SendAsync(RawFrame.Request(PullMessage, Pull, fields).Encode());
        await own.SendAsync(RawFrame.Request(GetTopicConfig, Behind, RawFields.Of(("topic", topic))).Encode());
        RawFrame? frame;
        do
        {
            frame = await own.ReceiveAsync();
        }
        while (frame is not null && !(frame.IsResponse && frame.Opaque is Pull or Behind));

        _lines.Add($"{what}: {(frame is { Opaque: Pull } ? Text(frame.Code) : "no answer")}");
    }

    private async Task LocksAsync()
    {
        await LockAsync("lock by one", "one", topic);
        await LockAsync("lock by another", "other", topic);
        await LockAsync("lock by one again", "one", topic);
        await UnlockAsync("unlock by another", "other");
        await LockAsync("lock by another after that", "other", topic);
        await UnlockAsync("unlock by one", "one");
        await LockAsync("lock by another at last", "other", topic);
        await LockAsync("lock of a topic that is not there", "one", "absent");
    }

    private async Task GroupsAsync()
    {
        await RetryTopicAsync("retry topic before");
        await JoinAsync("members", "one", [Wants(topic)], "join");
        await RetryTopicAsync("retry topic");
        await MembersAsync("members", _other, "members");
        await ChangeAsync("another joins", JoinOtherAsync(Wants(topic)));
        await MembersAsync("members", _other, "members");
        await ChangeAsync("another adds a topic", JoinOtherAsync(Wants(topic), Wants($"{topic}_more")));
        await ChangeAsync("another drops it", JoinOtherAsync(Wants(topic)));
        await ChangeAsync("another leaves", _other.RequestAsync(
            UnregisterClient, RawFields.Of(("clientID", "other"), ("consumerGroup", Group("members")))));
        await MembersAsync("members", _other, "members");
        await using (RawConnection closing = await connect())
        {
            await ChangeAsync("another joins", closing.RequestAsync(HeartBeat, body: Heartbeat("members", "other", [Wants(topic)])));
        }

        await ToldAsync();
        await MembersAsync("members", _other, "members");
        await ConfigureAsync("autoCreateSubscriptionGroup=false");
        await JoinAsync("absent", "one", [Wants(topic)], "join a group that may not be made");
        await MembersAsync("members of it", _other, "absent");
        await ConfigureAsync("autoCreateSubscriptionGroup=true");
        await JoinAsync("versions", "one", [Wants(topic, "A", version: 5)], "join by tag A, version 5");
        await JoinAsync("versions", "one", [Wants(topic, "B", version: 4)], "join by tag B, version 4");
        await PullAsync("pull", "versions");
        await JoinAsync("versions", "one", [Wants(topic, "B", version: 6)], "join by tag B, version 6");
        await PullAsync("pull", "versions");
        await JoinAsync("versions", "one", [Wants($"{topic}_more")], "join without the topic");
        await PullAsync("pull", "versions");
        await JoinAsync("versions", "one", [Wants(topic)], "join as a pull consumer", type: "CONSUME_ACTIVELY");
        await KindAsync("versions");
        await JoinAsync("versions", "one", [Wants(topic)], "join as one that gets everything from the first", model: "BROADCASTING", from: "CONSUME_FROM_FIRST_OFFSET");
        await KindAsync("versions");
        await MakeGroupAsync("retries", retryQueues: 3);
        await JoinAsync("retries", "one", [Wants(topic)], "join a group with 3 queues for retries");
        await RetryQueuesAsync("retries");

        Task<RawFrame> JoinOtherAsync(params string[] wanted) => _other.RequestAsync(
            HeartBeat, body: Heartbeat("members", "other", wanted));
    }

    /// <summary>Changes of which others are told, or not: what they hear comes before the answer to what they ask next.</summary>
    private async Task NoticesAsync()
    {
        await JoinAsync("all", "one", [Wants(topic)], model: "BROADCASTING");
        await HearAsync("another joins a group that broadcasts", "all", "other", "BROADCASTING");
        await MakeGroupAsync("untold", notify: false);
        await JoinAsync("untold", "one", [Wants(topic)]);
        await HearAsync("another joins a group whose members are not told", "untold", "other");
        await JoinAsync("renamed", "one", [Wants(topic)]);
        await ConfigureAsync("notifyConsumerIdsChangedEnable=false");
        await JoinAsync("quiet", "one", [Wants(topic)]);
        await HearAsync("another joins while no members are told", "quiet", "other");
        await ConfigureAsync("notifyConsumerIdsChangedEnable=true");
        await HearAsync("another joins by the same name", "renamed", "one");
        await MembersAsync("members of one name", _other, "renamed");
        await HearAsync("another changes its name", "renamed", "other");
        await MembersAsync("members", _other, "renamed");
    }

    private async Task OffsetsAsync()
    {
        await OffsetAsync("progress of a new group", QueryConsumerOffset, group: "new");
        await OffsetAsync("progress of a new group that is not to be 0", QueryConsumerOffset, group: "new", zero: false);
        await OffsetAsync("progress of a new group in an empty queue", QueryConsumerOffset, group: "new", queueId: 1);
        foreach (long offset in (long[])[3, 1, 99])
        {
            await CommitAsync("plain", topic, offset);
            await OffsetAsync("progress", QueryConsumerOffset, group: "plain");
        }

        await CommitAsync("tagged", topic, -1);
        Add("commit for a topic that is not there", await RawBroker.UpdateOffsetAsync(_one, Group("plain"), $"{topic}_absent", 0, 1));
        await OffsetAsync("max offset", GetMaxOffset);
        await OffsetAsync("min offset", GetMinOffset);
        await OffsetAsync("offset by the time of nothing yet", SearchOffsetByTimestamp);
        await OffsetAsync("offset by a time to come", SearchOffsetByTimestamp, timestamp: 4_102_444_800_000);
        await OffsetAsync("max offset of an empty queue", GetMaxOffset, queueId: 1);
        await OffsetAsync("min offset of an empty queue", GetMinOffset, queueId: 1);
    }

    /// <summary>Asks about a queue whose first messages have expired.</summary>
    /// <param name="expire">Has the broker remove the files of the log that hold one message of 600 KB each, but for the last one; called until they are gone.</param>
    public async Task<IReadOnlyList<string>> AskOfExpiryAsync(Func<Task> expire)
    {
        await using (_one = await connect())
        {
            await DoneAsync(RawBroker.CreateTopicAsync(_one, topic, 1));
            for (int i = 0; i < 4; i++)
            {
                await DoneAsync(RawBroker.SendAsync(_one, topic, 0, new byte[600_000]));
            }

            await Eventually.TrueAsync(
                async () =>
                {
                    await expire();
                    return (await _one.RequestAsync(GetMinOffset, RawFields.Queue(topic, 0))).ExtFields.GetValueOrDefault("offset") == "3";
                },
                "the first three messages are gone",
                Patience);
            await OffsetAsync("progress of a new group", QueryConsumerOffset, group: "new");
            await OffsetAsync("max offset", GetMaxOffset);
            await OffsetAsync("min offset", GetMinOffset);
            await OffsetAsync("offset by the time of nothing yet", SearchOffsetByTimestamp);
            await OffsetAsync("offset by a time to come", SearchOffsetByTimestamp, timestamp: 4_102_444_800_000);
            await PullAsync("pull from the first that was", "new", offset: 0, flags: BringsSubscription);
            await PullAsync("pull from the first that is", "new", offset: 3, flags: BringsSubscription);
        }

        return _lines;
    }

    /// <summary>A request that is no line of the table.</summary>
    private static async Task DoneAsync(Task<RawFrame> asked)
    {
        RawFrame answer = await asked;
        if (answer.Code != RawBroker.Success)
        {
            throw new InvalidOperationException($"answered {Text(answer.Code)} {answer.Remark}");
        }
    }

    private Task ConfigureAsync(string settings) => DoneAsync(_one.RequestAsync(UpdateBrokerConfig, body: Encoding.UTF8.GetBytes(settings + "\n")));

    private Task MakeGroupAsync(string name, bool consume = true, bool broadcast = true, int retryQueues = 1, bool notify = true)
    {
        (string, string)[] more = [("consumeBroadcastEnable", Text(broadcast)), ("notifyConsumerIdsChangedEnable", Text(notify))];
        return DoneAsync(_one.RequestAsync(
            UpdateAndCreateSubscriptionGroup, body: RawFields.Group(Group(name), consume, retryQueues, more)));
    }

    private Task ForbidAsync(string group, string name, bool readable) =>
        DoneAsync(_one.RequestAsync(
            UpdateAndGetGroupForbidden, RawFields.Of(("group", Group(group)), ("topic", name), ("readable", Text(readable)))));

    private async Task PullAsync(
        string what, string group, string? from = null, int queueId = 0, long offset = 0, int most = 32, int flags = 0, long progress = 0, long wait = 0,
        string subscription = "*", string type = "TAG", long version = 0, int code = PullMessage)
    {
        Dictionary<string, string> fields =
            RawFields.Pull(Group(group), from ?? topic, queueId, offset, most, flags, progress, wait, subscription, version, type);
        RawFrame answer = await _one.RequestAsync(code, fields);
        string more = answer.ExtFields.TryGetValue("nextBeginOffset", out string? next)
            ? $", {Text(answer.Code == RawBroker.Success ? RawRecord.DecodeAll(answer.Body).Count : 0)} messages, next {next}, min {answer.ExtFields["minOffset"]}, max {answer.ExtFields["maxOffset"]}, broker {answer.ExtFields["suggestWhichBrokerId"]}"
            : string.Empty;
        Add(what, answer, more);
    }

    private async Task JoinAsync(string group, string clientId, string[] wanted, string? what = null, string model = "CLUSTERING", string type = "CONSUME_PASSIVELY", string from = "CONSUME_FROM_LAST_OFFSET")
    {
        Task<RawFrame> joining = _one.RequestAsync(HeartBeat, body: Heartbeat(group, clientId, wanted, from, type, model));
        if (what is null)
        {
            await DoneAsync(joining);
        }
        else
        {
            Add(what, await joining);
        }
    }

    /// <summary>Something that another member does, of which the first is to be told.</summary>
    private async Task ChangeAsync(string what, Task<RawFrame> change)
    {
        Add(what, await change);
        await ToldAsync();
    }

    /// <summary>A heartbeat of another member, and whether the first is told.</summary>
    private async Task HearAsync(string what, string group, string clientId, string model = "CLUSTERING")
    {
        RawFrame answer = await _other.RequestAsync(HeartBeat, body: Heartbeat(group, clientId, [Wants(topic)], model: model));
        using CancellationTokenSource timeout = new(Patience);
        RawFrame next = RawFrame.Request(GetMaxOffset, int.MaxValue, RawFields.Queue(topic, 0));
        await _one.SendAsync(next.Encode(), timeout.Token);
        bool told = false;
        while (await _one.ReceiveAsync(timeout.Token) is { } frame && !(frame.IsResponse && frame.Opaque == next.Opaque))
        {
            told |= frame.Code == NotifyConsumerIdsChanged && frame.ExtFields["consumerGroup"] == Group(group);
        }

        Add(what, answer, told ? ", the first is told" : ", the first is not told");
    }

    private async Task KindAsync(string group)
    {
        RawFrame answer = await _one.RequestAsync(GetConsumerConnectionList, RawFields.Of(("consumerGroup", Group(group))));
        string body = Encoding.UTF8.GetString(answer.Body.Span);
        Add("kind of the group", answer, $" {Value(body, "consumeType")} {Value(body, "messageModel")} {Value(body, "consumeFromWhere")}");
    }

    private async Task RetryQueuesAsync(string group)
    {
        RawFrame answer = await _other.RequestAsync(GetTopicConfig, RawFields.Of(("topic", $"%RETRY%{Group(group)}")));
        string body = Encoding.UTF8.GetString(answer.Body.Span);
        Add("retry topic", answer, $", {Value(body, "readQueueNums")} queues, permission {Value(body, "perm")}");
    }

    /// <summary>A word or a number of a JSON object.</summary>
    private static string Value(string json, string name) => Regex.Match(json, $"\"{name}\":\"?(?<value>[A-Z_0-9]+)", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture).Groups["value"].Value;

    private async Task ToldAsync()
    {
        using CancellationTokenSource timeout = new(Patience);
        RawFrame? frame = await _one.ReceiveAsync(timeout.Token);
        while (frame is not null && !(frame.Code == NotifyConsumerIdsChanged && frame.ExtFields["consumerGroup"] == Group("members")))
        {
            // Of another group that the connection is in.
            frame = await _one.ReceiveAsync(timeout.Token);
        }

        _lines.Add($"the first is told of its group: {(frame is null ? "no" : "yes")}");
    }

    private async Task MembersAsync(string what, RawConnection asking, string group)
    {
        RawFrame answer = await asking.RequestAsync(GetConsumerListByGroup, RawFields.Of(("consumerGroup", Group(group))));
        IEnumerable<string> ids = Regex.Matches(Encoding.UTF8.GetString(answer.Body.Span), "\"(?<id>one|other)\"", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture).Select(static match => match.Groups["id"].Value);
        Add(what, answer, answer.Code == RawBroker.Success ? $" {string.Join(' ', ids.Order(StringComparer.Ordinal))}" : string.Empty);
    }

    private async Task RetryTopicAsync(string what) => Add(
        what, await _other.RequestAsync(GetTopicConfig, RawFields.Of(("topic", $"%RETRY%{Group("members")}"))));

    private async Task LockAsync(string what, string clientId, string name)
    {
        RawFrame answer = await _one.RequestAsync(LockBatch, body: Queue(clientId, name));
        Add(what, answer, $", {Text(Regex.Count(Encoding.UTF8.GetString(answer.Body.Span), "\"queueId\":", RegexOptions.NonBacktracking))} given");
    }

    private async Task UnlockAsync(string what, string clientId) => Add(what, await _one.RequestAsync(UnlockBatch, body: Queue(clientId, topic)));

    private async Task CommitAsync(string group, string name, long offset) => Add($"commit {Text(offset)}", await RawBroker.UpdateOffsetAsync(_one, Group(group), name, 0, offset));

    private async Task OffsetAsync(string what, int code, string group = "plain", int queueId = 0, long timestamp = 0, bool zero = true)
    {
        Dictionary<string, string> fields = RawFields.Progress(Group(group), topic, queueId);
        fields["timestamp"] = Text(timestamp);
        if (!zero)
        {
            fields["setZeroIfNotFound"] = "false";
        }

        RawFrame answer = await _one.RequestAsync(code, fields);
        Add(what, answer, answer.Code == RawBroker.Success ? $", offset {answer.ExtFields["offset"]}" : string.Empty);
    }

    private byte[] Queue(string clientId, string name) => Encoding.UTF8.GetBytes(
        $$"""{"clientId":"{{clientId}}","consumerGroup":"{{Group("plain")}}","mqSet":[{"brokerName":"broker-a","queueId":0,"topic":"{{(name == topic ? topic : $"{topic}_{name}")}}"}]}""");

    private byte[] Heartbeat(
        string group, string clientId, string[] wanted, string from = "CONSUME_FROM_LAST_OFFSET", string type = "CONSUME_PASSIVELY",
        string model = "CLUSTERING") =>
        RawFields.Heartbeat(clientId, [RawFields.Consumer(Group(group), wanted, from, type, model)]);

    private static string Wants(string name, string expression = "*", string type = "TAG", long version = 1) =>
        RawFields.Subscription(name, expression, type, version);

    private string Group(string name) => $"{topic}_{name}";

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Text(bool value) => value ? "true" : "false";

    private void Add(string what, RawFrame answer, string more = "") => _lines.Add($"{what}: {Text(answer.Code)}{more}");
}
