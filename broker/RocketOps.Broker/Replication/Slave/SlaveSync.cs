using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using RocketOps.Broker.Clients;
using RocketOps.Broker.Groups;
using RocketOps.Broker.Json;
using RocketOps.Broker.Messages;
using RocketOps.Broker.Offsets;
using RocketOps.Broker.Persistence;
using RocketOps.Broker.StaticTopics;
using RocketOps.Broker.StaticTopics.Mappings;
using RocketOps.Broker.Timers;
using RocketOps.Broker.Topics;
using RocketOps.Broker.Transactions;
using RocketOps.Protocol.Bodies;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Client;
using RocketOps.Store;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Dispatching;
using RocketOps.Store.Timers;

namespace RocketOps.Broker.Replication.Slave;

/// <summary>
/// Takes over from the master, now and then, what is not in the log: topics, groups, how groups are to read, who their members are where another one may lead next, how far consumers are, how far delayed messages and timers were delivered and transactions checked. Topics at once, too, when messages come of one that
/// is not known: nobody could read them if the master were lost now. Only what the master has deleted is removed, not what its tables lack.
/// Each by itself; what fails is tried again in the next round. What was delivered, or checked, counts once the copies of it are in this
/// log, and on this disk: otherwise a slave that becomes the master would
/// never deliver them, or ask about them. Source: store.md §7.2.
/// </summary>
internal sealed partial class SlaveSync : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>A table that changes faster than its pages can be asked for is taken in the next round.</summary>
    private const int MaxPages = 1_000;

    /// <summary>
    /// Longest time between two questions for what was delivered, which comes twice after a change of the master for as long as it was not
    /// asked for. As RocketMQ for timers.
    /// </summary>
    private static readonly TimeSpan DeliveredInterval = TimeSpan.FromSeconds(3);

    /// <summary>Topics are made in groups: their messages come together, and the table is asked for once.</summary>
    private static readonly TimeSpan UnknownTopicPause = TimeSpan.FromMilliseconds(50);

    private readonly MasterAddresses _master;
    private readonly RemotingClient _client;
    private readonly TopicTable _topics;
    private readonly TopicQueueMappingTable _mappings;
    private readonly GroupTable _groups;
    private readonly RequestModeTable _modes;
    private readonly ConsumerOffsetTable _consumerOffsets;
    private readonly CheckProgress _checks;
    private readonly DelayOffsetTable _delayOffsets;
    private readonly TimerTable _timers;
    private readonly AwaitedConsumers? _consumers;
    private readonly MessageStore _store;
    private readonly LostEntries _lostTopics;
    private readonly LostEntries _lostGroups;
    private readonly Resting _consumed = new();
    private readonly Resting _checked = new();
    private readonly TimeSpan _interval;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly IReadOnlyList<Part> _parts;
    private readonly ConcurrentDictionary<StoreTopic, bool> _unknown = new();
    private readonly ArrivalSignal _unknownCame = new();
    private readonly CancellationTokenSource _stopping = new();
    private Task _running = Task.CompletedTask;
    private StoreTopic? _arrivedLast;

    // The consumer offsets that are here rest on the log before it: consumers may have read messages up to there.
    private long _offsetsEnd;
    private int _unknownSeen;
    private int _unknownAskedFor;
    private CancellationToken _ending;
    private bool _isLast;

    // Deletions whose end this log has not reached when the session begins: messages of these topics may be here that a newer table passed over.
    private PhysicalOffset? _unreached;

    public SlaveSync(
        MasterAddresses master,
        RemotingClient client,
        CopiedTables tables,
        MessageStore store,
        TimeSpan interval,
        TimeProvider time,
        ILogger logger)
    {
        _master = master;
        _client = client;
        _topics = tables.Topics;
        _mappings = tables.Mappings;
        _groups = tables.Groups;
        _modes = tables.Modes;
        _consumerOffsets = tables.Offsets;
        _checks = tables.Checks;
        _delayOffsets = tables.DelayOffsets;
        _timers = tables.Timers;
        _consumers = tables.Consumers;
        _store = store;
        _interval = interval;
        _time = time;
        _logger = logger;
        _offsetsEnd = store.Positions.Appended.Value;
        _unreached = store.Positions.Appended;
        _lostTopics = new LostEntries("topic", "topics", "Their queues stay too. Make them again at the master, or delete them there if "
            + "they are not wanted (rocketops topic create, topic delete).", logger);
        _lostGroups = new LostEntries("group", "groups", "Their offsets stay too. Make them again at the master, or delete them there if "
            + "they are not wanted (rocketops group create, group delete).", logger);

        // What else a master knows and its log does not gets a line here.
        Resting delays = new();
        Resting timersRead = new();
        _parts =
        [
            new("topics", SyncTopicsAsync) { IsLacking = () => LacksTopics },
            new("groups", SyncGroupsAsync),
            new("request modes", SyncRequestModesAsync),
            new("consumers", SyncConsumersAsync),
            new("consumer offsets", SyncConsumerOffsetsAsync),
            new("delay offsets", master => SyncRestingAsync(master, delays, LogPosition.Durable, AskDelayOffsetsAsync)) { IsDelivered = true },
            new("timer checkpoint", master => SyncRestingAsync(master, timersRead, LogPosition.Durable, AskTimerCheckpointAsync)) { IsDelivered = true },
        ];
    }

    /// <summary>
    /// True when the master's tables may be taken: they are to be those of the log that is here. A slave without messages has nothing to
    /// lose, and its consumers are not to wait until the master sends something.
    /// </summary>
    private bool MayTake => _master.IsKnown || _store.Positions.Appended == _store.GetStats().MinOffset;

    /// <summary>Topics have come that were not asked for yet.</summary>
    private bool LacksTopics => Volatile.Read(ref _unknownSeen) != _unknownAskedFor;

    public void Start()
    {
        _ending = _stopping.Token;
        _running = RunAsync();
    }

    /// <summary>
    /// A message has come that can be read here. Its topic was made before it: if this table lacks that, the master's has it, or it was deleted there since. So one question for each topic is enough, and another when
    /// a queue begins: a topic that is made again begins with it. As the store's observer.
    /// </summary>
    public void OnArrived(in MessageArrival message)
    {
        StoreTopic topic = message.Topic;
        bool begins = message.QueueOffset == 0;
        if (ReferenceEquals(topic, _arrivedLast) && !begins)
        {
            return;
        }

        _arrivedLast = topic;
        if (begins && message.Offset.Value >= Volatile.Read(ref _offsetsEnd))
        {
            // Offsets that were taken over before are those of a topic that was deleted.
            _consumerOffsets.RemoveQueue(topic.Name, message.QueueId);
        }

        if (!_topics.TryGet(topic.Utf8Name.Span, out _) && (_unknown.TryAdd(topic, true) || begins))
        {
            AskForTopics();
        }
    }

    /// <summary>Ends, with everything the master has at this moment, also what it has delivered, as far as that comes within the time.</summary>
    public async Task EndWithLastRoundAsync(TimeSpan patience)
    {
        await _stopping.CancelAsync();
        await _running;
        if (_master.Broker is { Length: > 0 } master)
        {
            long begun = _time.GetTimestamp();
            using CancellationTokenSource last = new(patience, _time);
            _ending = last.Token;
            _isLast = true;
            await CopyPartsAsync(master, onlyDelivered: false);
            if (last.IsCancellationRequested)
            {
                LogLastIncomplete(master, patience.TotalMilliseconds);
            }
            else
            {
                double elapsed = _time.GetElapsedTime(begun).TotalMilliseconds;
                LogLast(master, elapsed);
            }
        }

        _stopping.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running;
        _stopping.Dispose();
    }

    private void AskForTopics()
    {
        Interlocked.Increment(ref _unknownSeen);
        _unknownCame.Set();
    }

    /// <summary>One round.</summary>
    private async Task CopyPartsAsync(string master, bool onlyDelivered)
    {
        foreach (Part part in _parts.Where(part => part.IsDelivered || !onlyDelivered || part.IsLacking()))
        {
            try
            {
                await part.RunAsync(master);
                part.LastFailure = string.Empty;
            }
            catch (OperationCanceledException) when (_ending.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure)
            {
                // One part must not take the round from the others, and the same trouble every ten seconds is one line.
                if (part.LastFailure != failure.Message)
                {
                    part.LastFailure = failure.Message;
                    LogFailed(part.Name, master, failure.Message, _interval);
                }
            }
        }
    }

    private async Task RunAsync()
    {
        TimeSpan delay = TimeSpan.Zero;
        long? lastRound = null;
        while (!_stopping.IsCancellationRequested)
        {
            if (_master.Broker is { Length: > 0 } master && MayTake)
            {
                bool onlyDelivered = lastRound is { } last && _time.GetElapsedTime(last) < _interval;
                if (!onlyDelivered)
                {
                    lastRound = _time.GetTimestamp();
                }

                await CopyPartsAsync(master, onlyDelivered);
                delay = _interval < DeliveredInterval ? _interval : DeliveredInterval;
            }
            else
            {
                // As soon as the name server has told: consumers of a fresh slave find no topics before.
                delay = TimeSpan.FromMilliseconds(Math.Min(200, _interval.TotalMilliseconds));
            }

            await WaitAsync(delay);
        }
    }

    /// <summary>Until the time is over, or a topic has come that is not known.</summary>
    private async Task WaitAsync(TimeSpan longest)
    {
        try
        {
            await _unknownCame.WaitAsync(longest, _time, _stopping.Token);
            if (LacksTopics)
            {
                await Task.Delay(UnknownTopicPause, _time, _stopping.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The loop ends.
        }
    }

    private async Task SyncTopicsAsync(string master)
    {
        if (_unreached is { } end)
        {
            // The master tells them once more, and what is here of these topics goes.
            await _topics.DropDeletionsBehindAsync(end);
            _unreached = null;
        }

        int seen = Volatile.Read(ref _unknownSeen);
        PhysicalOffset asked = _store.Positions.Appended;
        Dictionary<string, TopicConfig> topics = new(StringComparer.Ordinal);
        Dictionary<string, TopicQueueMapping> mappings = new(StringComparer.Ordinal);
        Dictionary<string, DeletionNote>? deletions = null;
        DataVersion? mappingVersion = null;
        DataVersion? version = await ReadPagesAsync(
            master,
            RequestCode.GetAllTopicConfig,
            "topicSeq",
            "maxTopicNum",
            "totalTopicNum",
            body =>
            {
                TopicTableFile page = BrokerJson.Read(body.Span, TopicJson.Default.TopicTableFile);
                return (page.DataVersion, page.Topics?.Count ?? 0, () =>
                {
                    Merge(topics, page.Topics);
                    Merge(mappings, page.MappingDetails);
                    deletions = page.Deletions ?? deletions;
                    mappingVersion = page.MappingDataVersion;
                }
                );
            },
            () =>
            {
                topics.Clear();
                mappings.Clear();
            });
        if (version is not null)
        {
            // A master of 4.x has none, and tells no version.
            await _mappings.FollowAsync(mappingVersion ?? new DataVersion(), mappings, topics.ContainsKey);
            // A topic that is gone is removed once its last messages are replicated; the end of the session ends that wait.
            FollowOutcome outcome = await _topics.FollowAsync(new FollowedTable<TopicConfig>(version, topics, deletions), asked,
                ForgetTopicsAsync, _ending);
            _lostTopics.Tell(master, version, outcome, hasNotes: deletions is not null);
            if (!outcome.IsComplete)
            {
                AskForTopics();
            }
        }

        _unknownAskedFor = seen;
        foreach (StoreTopic known in _unknown.Keys.Where(topic => _topics.TryGet(topic.Utf8Name.Span, out _)))
        {
            _unknown.TryRemove(known, out _);
        }
    }

    private async Task SyncGroupsAsync(string master)
    {
        Dictionary<string, SubscriptionGroupConfig> groups = new(StringComparer.Ordinal);
        Dictionary<string, Dictionary<string, int>> forbidden = new(StringComparer.Ordinal);
        Dictionary<string, DeletionNote>? deletions = null;
        DataVersion? version = await ReadPagesAsync(
            master,
            RequestCode.GetAllSubscriptionGroupConfig,
            "groupSeq",
            "maxGroupNum",
            "totalGroupNum",
            body =>
            {
                GroupTableFile page = BrokerJson.Read(body.Span, GroupJson.Default.GroupTableFile);
                return (page.DataVersion, page.Groups?.Count ?? 0, () =>
                {
                    Merge(groups, page.Groups);
                    Merge(forbidden, page.Forbidden);
                    deletions = page.Deletions ?? deletions;
                }
                );
            },
            groups.Clear);
        if (version is not null)
        {
            FollowOutcome outcome = await _groups.FollowAsync(new FollowedTable<SubscriptionGroupConfig>(version, groups, deletions),
                forbidden, ForgetGroupsAsync);
            if (outcome.IsBehind)
            {
                // Others are there because a consumer has asked this slave first.
                _lostGroups.Tell(master, version, outcome, hasNotes: deletions is not null);
            }
        }
    }

    private async Task ForgetTopicsAsync(IReadOnlyList<string> deleted)
    {
        // What was told before the deletion must not be put after it.
        _consumed.Forget();
        await _mappings.ForgetAsync(deleted);
        if (_consumerOffsets.RemoveTopics(deleted))
        {
            await _consumerOffsets.PersistAsync();
        }
    }

    private async Task ForgetGroupsAsync(IReadOnlyList<string> deleted)
    {
        _consumed.Forget();
        if (_consumerOffsets.RemoveGroups(deleted))
        {
            await _consumerOffsets.PersistAsync();
        }
    }

    /// <summary>A master of 4.x has none, and does not know the question.</summary>
    private async Task SyncRequestModesAsync(string master)
    {
        RemotingCommand answer = await InvokeAsync(master, RemotingCommand.CreateRequest(RequestCode.GetAllMessageRequestMode));
        if (answer.Code != ResponseCode.RequestCodeNotSupported)
        {
            await _modes.FollowAsync(BrokerJson.Read(Successful(answer).Body.Span, GroupJson.Default.RequestModeFile));
        }
    }

    /// <summary>A member of a version of before does not know the question.</summary>
    private async Task SyncConsumersAsync(string master)
    {
        if (_consumers is { } consumers && await InvokeAsync(master, consumers.Ask()) is { Code: not ResponseCode.RequestCodeNotSupported } answer)
        {
            consumers.Follow(Successful(answer));
        }
    }

    /// <summary>
    /// Takes over consumer offsets. What consumers have read is in this log before the offset behind it is taken over: at a master without
    /// it the next message would get an offset that the group has passed. How far transactions are checked is told among them, and rests on
    /// copies as what was delivered does.
    /// </summary>
    private async Task SyncConsumerOffsetsAsync(string master)
    {
        if (IsToBeAsked(_consumed, master))
        {
            OffsetTableFile offsets = BrokerJson.Read((await AskAsync(master, RemotingCommand.CreateRequest(RequestCode.GetAllConsumerOffset))).Body.Span, OffsetJson.Default.OffsetTableFile);
            (long Half, long Op)? told = CheckProgress.TakeFrom(offsets);
            long end = await AskEndAsync(master);
            _consumed.Tell(master, end, _ =>
            {
                Volatile.Write(ref _offsetsEnd, end);
                _consumerOffsets.Follow(offsets);
                return Task.CompletedTask;
            });
            if (IsToBeAsked(_checked, master))
            {
                _checked.Tell(master, end, told is not var (half, op) ? null : mark =>
                {
                    _checks.Follow(half, op, mark.Offset);
                    return Task.CompletedTask;
                });
            }
        }

        await FollowAsync(_consumed, LogPosition.Written);
        await FollowAsync(_checked, LogPosition.Durable);
    }

    /// <summary>Asks how far the master has come with something, and takes that over when everything it rests on is here, in this round or a later one.</summary>
    private async Task SyncRestingAsync(string master, Resting told, LogPosition position, Func<string, Task<Func<LogMark, Task>?>> askAsync)
    {
        if (IsToBeAsked(told, master))
        {
            // The end is asked for afterwards: all that it rests on lies before it.
            Func<LogMark, Task>? followAsync = await askAsync(master);
            told.Tell(master, followAsync is null ? 0 : await AskEndAsync(master), followAsync);
        }

        await FollowAsync(told, position);
    }

    private bool IsToBeAsked(Resting told, string master) => told.FollowAsync is null || told.Master != master || _isLast;

    private async Task FollowAsync(Resting told, LogPosition position)
    {
        if (told.FollowAsync is not { } followAsync)
        {
            return;
        }

        LogMark mark = _store.Positions.End.NotBehind(new PhysicalOffset(told.MasterEnd));
        if (_isLast)
        {
            await _store.Writer.WhenAsync(position, mark).WaitAsync(_ending);
        }

        if (mark.Offset.Value == told.MasterEnd && _store.Positions.IsReached(position, mark))
        {
            await followAsync(mark);
            told.Forget();
        }
    }

    private async Task<Func<LogMark, Task>?> AskDelayOffsetsAsync(string master)
    {
        DelayOffsetFile offsets = BrokerJson.Read((await AskAsync(master, RemotingCommand.CreateRequest(RequestCode.GetAllDelayOffset))).Body.Span, OffsetJson.Default.DelayOffsetFile);
        return mark =>
        {
            _delayOffsets.Follow(offsets, mark);
            return Task.CompletedTask;
        };
    }

    /// <summary>Null when the master has no timers, or knows none.</summary>
    private async Task<Func<LogMark, Task>?> AskTimerCheckpointAsync(string master)
    {
        RemotingCommand answer = await InvokeAsync(master, RemotingCommand.CreateRequest(RequestCode.GetTimerCheckPoint));
        if (answer.Code == ResponseCode.RequestCodeNotSupported || (answer.Code == ResponseCode.SystemError && answer.Remark == TimerTable.NoCheckpoint))
        {
            return null;
        }

        TimerCheckpoint checkpoint = TimerCheckpoint.Read(Successful(answer).Body.Span) ?? throw new InvalidDataException("the answer is no timer checkpoint");
        return checkpoint.ReadMs <= 0 ? null : mark => _timers.FollowAsync(checkpoint, mark.Offset);
    }

    /// <summary>Asks where the master's log ends.</summary>
    private async Task<long> AskEndAsync(string master) => LogEnds.Read(
        await AskAsync(master, RemotingCommand.CreateRequest(RequestCode.GetBrokerRuntimeInfo)));

    /// <summary>
    /// All pages of a table in one version, which is returned. A master that knows no pages answers with the whole table and tells no total. Source: admin.md §2.2.
    /// </summary>
    private async Task<DataVersion?> ReadPagesAsync(
        string master, int code, string sequenceField, string maxField, string totalField, Func<ReadOnlyMemory<byte>, (DataVersion? Version, int Count, Action Take)> read, Action restart)
    {
        DataVersion? version = null;
        int sequence = 0;
        for (int pages = 0; pages < MaxPages; pages++)
        {
            RemotingCommand request = RemotingCommand.CreateRequest(code).Set(sequenceField, sequence)
                .Set(maxField, TablePage.MaxEntries).Set(TablePage.DeletionsField, true);
            if (version is not null)
            {
                request.Set("dataVersion", Encoding.UTF8.GetString(BrokerJson.Write(version, BrokerJson.Default.DataVersion)));
            }

            RemotingCommand answer = await AskAsync(master, request);
            (DataVersion? pageVersion, int count, Action take) = read(answer.Body);
            if (pageVersion is null)
            {
                throw new JsonException("the answer has no dataVersion");
            }

            if (version is not null && version != pageVersion)
            {
                // Pages of two versions do not fit together, and the master has begun anew as well.
                restart();
                sequence = 0;
            }

            version = pageVersion;
            take();
            sequence += count;
            if (!int.TryParse(answer.Get(totalField), out int total) || sequence >= total || count == 0)
            {
                return version;
            }
        }

        throw new IOException($"the table changed {MaxPages} times while its pages were asked for");
    }

    private async Task<RemotingCommand> AskAsync(string master, RemotingCommand request) => Successful(await InvokeAsync(master, request));

    private Task<RemotingCommand> InvokeAsync(string master, RemotingCommand request) =>
        _client.InvokeAsync(master, _master.Epoch is > 0 and long epoch ? request.Set(GroupRequests.FollowedEpoch, epoch) : request, Patience, _ending);

    private static RemotingCommand Successful(RemotingCommand answer) => answer.Code == ResponseCode.Success ? answer : throw new IOException($"code {answer.Code}: {answer.Remark}");

    private static void Merge<T>(Dictionary<string, T> table, Dictionary<string, T>? page)
    {
        foreach ((string name, T value) in page ?? [])
        {
            table[name] = value;
        }
    }

    [LoggerMessage(EventId = 3642, Level = LogLevel.Information, Message = "The tables of {Master}, which has handed over, were taken in {Elapsed} ms")]
    private partial void LogLast(string master, double elapsed);

    [LoggerMessage(EventId = 3643, Level = LogLevel.Warning, Message = "The tables of {Master}, which has handed over, could not all be taken within {Patience} ms: what is missing is up to a second old here, consumers may get some messages again")]
    private partial void LogLastIncomplete(string master, double patience);

    [LoggerMessage(EventId = 3641, Level = LogLevel.Warning, Message = "Taking over the {Part} of {Master} failed: {Reason}; tried again every {Interval}")]
    private partial void LogFailed(string part, string master, string reason, TimeSpan interval);

    /// <summary>Progress that a master told, until that which it rests on is here.</summary>
    private sealed class Resting
    {
        public string Master { get; private set; } = string.Empty;

        /// <summary>End of the master's log afterwards.</summary>
        public long MasterEnd { get; private set; }

        /// <summary>Takes it over, with the mark of what it rests on; null when there is nothing to take over.</summary>
        public Func<LogMark, Task>? FollowAsync { get; private set; }

        /// <summary>All at once: with an end that was told with something else it would be taken over too early.</summary>
        public void Tell(string master, long end, Func<LogMark, Task>? followAsync)
        {
            Master = master;
            MasterEnd = end;
            FollowAsync = followAsync;
        }

        public void Forget() => FollowAsync = null;
    }

    private sealed class Part(string name, Func<string, Task> runAsync)
    {
        public string Name { get; } = name;

        public bool IsDelivered { get; init; }

        /// <summary>Tells whether it is known that the master has more.</summary>
        public Func<bool> IsLacking { get; init; } = static () => false;

        public Func<string, Task> RunAsync { get; } = runAsync;

        public string LastFailure { get; set; } = string.Empty;
    }
}
