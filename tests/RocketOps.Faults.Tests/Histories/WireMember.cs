using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using RocketOps.Faults.Tests.Loads;
using RocketOps.Testing.Remoting;
using RocketOps.Testing.Servers;

namespace RocketOps.Faults.Tests.Histories;

/// <summary>
/// A member of a consumer group by plain frames, as Apache's push consumers of one generation speak: it shares the queues that the route names with the members that the broker names, pulls with
/// the subscription of its heartbeats, and commits what it has received. It goes on by itself until it ends; while the broker is away it knocks.
/// </summary>
public sealed class WireMember : IAsyncDisposable
{
    private const int PullMessage = 11;
    private const int SubscriptionNotExist = 24;
    private const int SubscriptionNotLatest = 25;
    private const int QueryConsumerOffset = 14;
    private const int HeartBeat = 34;
    private const int UnregisterClient = 35;
    private const int GetConsumerList = 38;
    private const int GetRoute = 105;
    private const int Fingerprint = 4_711;

    private static readonly TimeSpan RebalanceInterval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly RocketOpsServer _server;
    private readonly GroupOfHistory _group;
    private readonly Func<RawMessage, int, bool> _handle;
    private readonly Action<string> _refused;
    private readonly long _subVersion;
    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<int, long> _next = [];
    private readonly Task _life;
    private bool _unregisters;
    private bool _isKnown;
    private bool _isMember;
    private volatile IReadOnlyCollection<int> _queues = [];
    private long _count;

    /// <param name="server">Whom it is a client of.</param>
    /// <param name="group">Which group, and which topic it reads.</param>
    /// <param name="generation">How it speaks.</param>
    /// <param name="number">Makes it another client than the others of the run.</param>
    /// <param name="handle">Gets each message and its queue; false when it is not handled yet: then it comes again, and nothing behind it is handled.</param>
    /// <param name="refused">Gets what a pull was refused with although the broker had taken the member's heartbeat.</param>
    public WireMember(RocketOpsServer server, GroupOfHistory group, Generation generation, int number, Func<RawMessage, int, bool> handle, Action<string> refused)
    {
        _server = server;
        _group = group;
        Generation = generation;
        ClientId = $"127.0.0.1@{generation.Name}#{number}";
        // Every client has a subscription version of its own, the time of its start; the group's is the highest.
        _subVersion = 1_731_999_999_000 + number;
        _handle = handle;
        _refused = refused;
        _life = LiveAsync();
    }

    public Generation Generation { get; }

    public string ClientId { get; }

    /// <summary>The queues that it reads.</summary>
    public IReadOnlyCollection<int> Queues => _queues;

    /// <summary>Messages it has handled so far.</summary>
    public long Count => Volatile.Read(ref _count);

    /// <summary>Ends it: as one that stops, or as one that is killed, of which the broker only sees the connection go.</summary>
    public async Task EndAsync(bool unregisters)
    {
        _unregisters = unregisters;
        await _stop.CancelAsync();
        await _life;
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync(unregisters: false);
        _stop.Dispose();
    }

    private async Task LiveAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await using RawConnection broker = await RawConnection.ConnectAsync(_server.BrokerAddress, _stop.Token);
                await using RawConnection nameServer = await RawConnection.ConnectAsync(_server.NameServerAddress, _stop.Token);
                broker.ClientVersion = nameServer.ClientVersion = Generation.Version;
                await WorkAsync(broker, nameServer);
                if (_unregisters)
                {
                    await broker.RequestAsync(UnregisterClient, RawFields.Of(("clientID", ClientId), ("consumerGroup", _group.Name)));
                }
            }
            catch (Exception exception) when (LostConnection.Is(exception))
            {
                _isMember = false;
                // What was received without a commit comes again, to whom the queue belongs then.
                _next.Clear();
                _queues = [];
                await Task.Delay(Pause);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private async Task WorkAsync(RawConnection broker, RawConnection nameServer)
    {
        long balanced = 0;
        while (!_stop.IsCancellationRequested)
        {
            if (balanced == 0 || Stopwatch.GetElapsedTime(balanced) >= RebalanceInterval)
            {
                await HeartbeatAsync(broker);
                await RebalanceAsync(broker, nameServer);
                balanced = Stopwatch.GetTimestamp();
            }

            bool any = false;
            foreach (int queue in _next.Keys.ToArray())
            {
                any |= await PullAsync(broker, queue);
            }

            if (!any)
            {
                await Task.Delay(Pause);
            }
        }
    }

    private async Task HeartbeatAsync(RawConnection broker)
    {
        bool leavesOut = Generation.LeavesOutSubscriptions && _isKnown;
        string[] subscriptions = leavesOut ? [] : [Subscription(_group.Topic), Subscription($"%RETRY%{_group.Name}")];
        (string, string)[] second = Generation.LeavesOutSubscriptions
            ? [("heartbeatFingerprint", Text(Fingerprint)), ("withoutSub", leavesOut ? "true" : "false")]
            : [];
        string consumer = RawFields.Consumer(_group.Name, subscriptions, "CONSUME_FROM_FIRST_OFFSET");
        RawFrame answer = await broker.RequestAsync(
            HeartBeat, body: RawFields.Heartbeat(ClientId, [consumer], ["CLIENT_INNER_PRODUCER"], second));

        _isMember = answer.Code == RawBroker.Success;

        // As MQClientInstance.sendHeartbeatToBrokerV2 of 5.5.0: all subscriptions go again when the broker knows another fingerprint.
        _isKnown = answer.Code == RawBroker.Success && answer.ExtFields.GetValueOrDefault("IS_SUPPORT_HEART_BEAT_V2") == "true" && answer.ExtFields.GetValueOrDefault("IS_SUB_CHANGE") == "false";
        if (leavesOut && !_isKnown)
        {
            await HeartbeatAsync(broker);
        }
    }

    private string Subscription(string topic) => RawFields.Subscription(topic, version: _subVersion);

    /// <summary>Neighbouring queues for each member, members in the order of their names, as Apache's AllocateMessageQueueAveragely.</summary>
    private async Task RebalanceAsync(RawConnection broker, RawConnection nameServer)
    {
        RawFrame route = await nameServer.RequestAsync(GetRoute, RawFields.Of(("topic", _group.Topic), ("acceptStandardJsonOnly", "true")));
        RawFrame list = await broker.RequestAsync(GetConsumerList, RawFields.Of(("consumerGroup", _group.Name)));
        if (route.Code != RawBroker.Success || list.Code != RawBroker.Success)
        {
            return;
        }

        using JsonDocument routeBody = JsonDocument.Parse(route.Body);
        int queues = routeBody.RootElement.GetProperty("queueDatas").EnumerateArray().Sum(static data => data.GetProperty("readQueueNums").GetInt32());
        using JsonDocument listBody = JsonDocument.Parse(list.Body);
        string[] members = [.. listBody.RootElement.GetProperty("consumerIdList").EnumerateArray().Select(static id => id.GetString()!).Order(StringComparer.Ordinal)];
        int me = Array.IndexOf(members, ClientId);
        if (me < 0)
        {
            return;
        }

        int rest = queues % members.Length;
        int share = (queues / members.Length) + (me < rest ? 1 : 0);
        int first = (me * (queues / members.Length)) + Math.Min(me, rest);
        HashSet<int> mine = [.. Enumerable.Range(first, share)];
        foreach (int lost in _next.Keys.Where(queue => !mine.Contains(queue)).ToArray())
        {
            _next.Remove(lost);
        }

        foreach (int queue in mine.Where(queue => !_next.ContainsKey(queue)))
        {
            RawFrame offset = await broker.RequestAsync(QueryConsumerOffset, RawFields.Progress(_group.Name, _group.Topic, queue));
            _next[queue] = offset.Code == RawBroker.Success ? long.Parse(offset.ExtFields["offset"], CultureInfo.InvariantCulture) : 0;
        }

        _queues = mine;
    }

    private async Task<bool> PullAsync(RawConnection broker, int queue)
    {
        Dictionary<string, string> fields = RawFields.Pull(
            _group.Name, _group.Topic, queue, _next[queue], maxMessages: 16, sysFlag: 0, subscription: null, subVersion: _subVersion);
        if (Generation == Generation.Young)
        {
            fields["bname"] = ServerUnderTest.BrokerName;
            fields["maxMsgBytes"] = Text(int.MaxValue);
            fields["requestSource"] = "-1";
        }

        RawFrame answer = await broker.RequestAsync(PullMessage, fields);
        if (answer.Code != RawBroker.Success)
        {
            if (_isMember && answer.Code is (SubscriptionNotExist or SubscriptionNotLatest))
            {
                _refused($"{ClientId}: {answer.Code} {answer.Remark}");
            }

            // A message behind a hole, or none: where to go on is in every answer to a pull of a queue that is there.
            if (answer.Code is RawBroker.PullRetryImmediately or RawBroker.PullOffsetMoved)
            {
                _next[queue] = long.Parse(answer.ExtFields["nextBeginOffset"], CultureInfo.InvariantCulture);
            }

            return false;
        }

        long before = _next[queue];
        _next[queue] = long.Parse(answer.ExtFields["nextBeginOffset"], CultureInfo.InvariantCulture);
        foreach (RawMessage message in RawMessage.DecodeAll(answer.Body))
        {
            if (!_handle(message, queue))
            {
                _next[queue] = message.QueueOffset;
                break;
            }

            Interlocked.Increment(ref _count);
        }

        await RawBroker.UpdateOffsetAsync(broker, _group.Name, _group.Topic, queue, _next[queue]);
        return _next[queue] > before;
    }

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
