using System.Collections.Immutable;
using RocketOps.Client.Json;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Names;

namespace RocketOps.Client.Routing;

/// <summary>
/// The routes a client uses and, made of them, the addresses of the brokers. A route is asked for when first needed and then every 30 s;
/// callers that want the same route share one question (<see cref="RouteQuestions"/>); readers take a snapshot.
/// A topic that the name servers stop knowing keeps its last route, as in the Java client: one name server that just started must not
/// stop a producer. Of more than <see cref="MaxRoutes"/> those
/// that nobody has looked for the longest are forgotten.
/// </summary>
internal sealed class RouteCache(NameServers nameServers, TimeProvider time)
{
    /// <summary>
    /// Routes that are kept although nobody looks for them: heartbeats go to their brokers, which may ask a producer about a transaction
    /// of long ago.
    /// </summary>
    public const int MaxRoutes = 1024;

    /// <summary>An answer that is younger tells what a caller of <see cref="RefreshIfOldAsync"/> wants to know.</summary>
    private static readonly TimeSpan Young = TimeSpan.FromSeconds(1);

    private readonly RouteQuestions _questions = new();

    // Guards all that is written, and these: how many routes name a broker and which question its members are the answer to; and the
    // routes that were forgotten, whose brokers stay known
    // for one more sweep to whoever had just looked.
    private readonly Lock _gate = new();
    private readonly Dictionary<string, (int Routes, long Asked)> _named = new(StringComparer.Ordinal);
    private readonly List<TopicRoute> _leaving = [];
    private Action<string>? _changed;

    // Questions are numbered: answers may come in another order, and an older one must not take back what a newer one told whoever asked
    // it.
    private long _asked;
    private volatile ImmutableDictionary<string, KnownRoute> _routes = ImmutableDictionary.Create<string, KnownRoute>(StringComparer.Ordinal);
    private volatile ImmutableDictionary<string, BrokerData> _brokers = ImmutableDictionary.Create<string, BrokerData>(StringComparer.Ordinal);

    /// <summary>Broker name → members, of all routes in use.</summary>
    public IReadOnlyDictionary<string, BrokerData> Brokers => _brokers;

    /// <summary>Brokers that left a route a moment ago.</summary>
    public LostBrokers Lost { get; } = new(time);

    public IEnumerable<string> Topics => _routes.Keys;

    /// <summary>Number of routes that are kept.</summary>
    public int Count => _routes.Count;

    /// <summary>Has it called after the route of a topic became another, on the thread that learned of it.</summary>
    public void Watch(Action<string> changed)
    {
        lock (_gate)
        {
            _changed += changed;
        }
    }

    /// <summary>Ends a <see cref="Watch"/>; one call may still be under way.</summary>
    public void Unwatch(Action<string> changed)
    {
        lock (_gate)
        {
            _changed -= changed;
        }
    }

    /// <summary>The route, while it is known. Who looks for it keeps it known.</summary>
    public TopicRoute? Find(string topic)
    {
        KnownRoute? known = _routes.GetValueOrDefault(topic);
        known?.Use();
        return known?.Route;
    }

    /// <summary>True when the route is known. Looking so does not keep it.</summary>
    public bool Knows(string topic) => _routes.ContainsKey(topic);

    /// <summary>
    /// The route, asked for now unless it is known. Null when no name server knows the topic. Throws <see cref="RocketMqException"/> when
    /// none answers.
    /// </summary>
    public async Task<TopicRoute?> GetAsync(string topic, CancellationToken cancellationToken) =>
        Find(topic) ?? await RefreshAsync(topic, cancellationToken).ConfigureAwait(false);

    /// <summary>
    /// The route of a topic to send to: like <see cref="GetAsync"/>, and for an unknown topic the one of
    /// <see cref="TopicNames.AutoCreateTemplate"/> with at most
    /// <paramref name="defaultQueues"/> queues, as the broker will create it.
    /// </summary>
    public async Task<TopicRoute?> GetForSendAsync(string topic, int defaultQueues, CancellationToken cancellationToken)
    {
        if (Find(topic) is { } known)
        {
            return known;
        }

        RouteQuestion question = new(topic, Math.Max(1, defaultQueues));
        return (await _questions.AskAsync(question, token => AskForSendAsync(topic, defaultQueues, token), cancellationToken).ConfigureAwait(false)).Route;
    }

    private async Task<TopicRoute?> AskForSendAsync(string topic, int defaultQueues, CancellationToken cancellationToken)
    {
        if (await GetAsync(topic, cancellationToken).ConfigureAwait(false) is { } known)
        {
            return known;
        }

        (TopicRoute? template, long asked) = await AskAsync(TopicNames.AutoCreateTemplate, cancellationToken).ConfigureAwait(false);
        if (template is null)
        {
            return null;
        }

        TopicRoute created = template with
        {
            OrderTopicConf = null,
            Queues =
            [
                .. template.Queues.Select(queue => queue with
                {
                    ReadQueues = Math.Min(defaultQueues, queue.ReadQueues),
                    WriteQueues = Math.Min(defaultQueues, queue.ReadQueues),
                }),
            ],
        };
        Put(topic, created, asked);
        return created;
    }

    /// <summary>
    /// Asks a name server for the route, or waits for the same question of another caller. Keeps the answer, unless a later question has
    /// one; an unknown topic keeps its last route. Returns null for a topic that no name server knows. Throws
    /// <see cref="RocketMqException"/> when none answers.
    /// </summary>
    public async Task<TopicRoute?> RefreshAsync(string topic, CancellationToken cancellationToken)
    {
        RouteQuestion question = new(topic, TemplateQueues: 0);
        (TopicRoute? route, bool isShared) =
            await _questions.AskAsync(question, token => RefreshNowAsync(topic, token), cancellationToken).ConfigureAwait(false);

        // That question may have been answered before the topic was made, which this caller knows of.
        return route is null && isShared
            ? (await _questions.AskAsync(question, token => RefreshNowAsync(topic, token), cancellationToken).ConfigureAwait(false)).Route
            : route;
    }

    /// <summary>The same, unless a name server has answered for this topic within the last second: many callers meet one failure.</summary>
    public async Task<TopicRoute?> RefreshIfOldAsync(string topic, CancellationToken cancellationToken) =>
        _routes.GetValueOrDefault(topic) is { } known && time.GetElapsedTime(known.AnsweredAt) < Young
            ? known.Route
            : await RefreshAsync(topic, cancellationToken).ConfigureAwait(false);

    private async Task<TopicRoute?> RefreshNowAsync(string topic, CancellationToken cancellationToken)
    {
        (TopicRoute? route, long asked) = await AskAsync(topic, cancellationToken).ConfigureAwait(false);
        if (route is not null)
        {
            Put(topic, route, asked);
        }

        return _routes.GetValueOrDefault(topic)?.Route;
    }

    /// <summary>
    /// Forgets, of too many routes, those that nobody has looked for since the last sweep, the longest first. Called as often as routes
    /// are asked for again.
    /// </summary>
    public void Sweep()
    {
        lock (_gate)
        {
            foreach (TopicRoute route in _leaving)
            {
                ForgetBrokers(route);
            }

            _leaving.Clear();
            (string Topic, KnownRoute Known, int Idle)[] swept = [.. _routes.Select(static entry => (entry.Key, entry.Value, entry.Value.CountSweep()))];
            foreach ((string topic, KnownRoute known, _) in swept.Where(static entry => entry.Idle > 0).OrderByDescending(static entry => entry.Idle).Take(Math.Max(0, swept.Length - MaxRoutes)))
            {
                _routes = _routes.Remove(topic);
                _leaving.Add(known.Route);
            }
        }
    }

    /// <summary>The master of a broker group; null while there is none.</summary>
    public string? FindMaster(string brokerName) => _brokers.GetValueOrDefault(brokerName)?.MasterAddress;

    /// <summary>The broker that has a member at an address; null when no route in use names one.</summary>
    public string? NameOf(string address) => _brokers.FirstOrDefault(broker => broker.Value.Addresses.Values.Contains(address, StringComparer.Ordinal)).Key;

    /// <summary>True for an address of a name server, as the configured names were looked up last.</summary>
    public bool IsNameServer(string address) => nameServers.Has(address);

    /// <summary>
    /// The member to read from: the one suggested, else the master, else any. The flag says whether it is a slave, which takes no offsets.
    /// </summary>
    public (string Address, bool IsSlave)? FindForRead(string brokerName, long suggestedId)
    {
        IReadOnlyDictionary<long, string>? members = _brokers.GetValueOrDefault(brokerName)?.Addresses;
        if (members is null || members.Count == 0)
        {
            return null;
        }

        if (members.TryGetValue(suggestedId, out string? suggested))
        {
            return (suggested, suggestedId != BrokerData.MasterId);
        }

        return members.TryGetValue(BrokerData.MasterId, out string? master) ? (master, false) : (members.OrderBy(static member => member.Key).First().Value, true);
    }

    private async Task<(TopicRoute? Route, long Asked)> AskAsync(string topic, CancellationToken cancellationToken)
    {
        long asked = Interlocked.Increment(ref _asked);
        (RemotingCommand response, string address) = await nameServers
            .InvokeInTimeAsync(() => RemotingCommand.CreateRequest(RequestCode.GetRouteInfoByTopic).Set("topic", topic), cancellationToken).ConfigureAwait(false);
        TopicRoute? route = response.Code switch
        {
            ResponseCode.Success => WireJson.Read(response, WireJson.Default.TopicRoute, address),
            ResponseCode.TopicNotExist => null,
            _ => throw new RocketMqException(response.Code, response.Remark, address),
        };
        return (route, asked);
    }

    /// <summary>Keeps an answer; internal for tests, which look at what it costs.</summary>
    internal void Put(string topic, TopicRoute route, long asked)
    {
        lock (_gate)
        {
            KnownRoute? known = _routes.GetValueOrDefault(topic);
            if (known?.Asked > asked)
            {
                return;
            }

            KeepBrokers(route, asked);
            if (known is not null && Same(known.Route, route))
            {
                known.Learn(known.Route, asked, time.GetTimestamp());
                return;
            }

            foreach (string broker in BrokersOf(route))
            {
                (int routes, long newest) = _named[broker];
                _named[broker] = (routes + 1, newest);
            }

            if (known is null)
            {
                _routes = _routes.SetItem(topic, new KnownRoute(route, asked, time.GetTimestamp()));
            }
            else
            {
                TopicRoute old = known.Route;
                known.Learn(route, asked, time.GetTimestamp());
                ForgetBrokers(old);
                Lost.OnChanged(topic, BrokersOf(old), [.. BrokersOf(route)]);
            }
        }

        Volatile.Read(ref _changed)?.Invoke(topic);
    }

    // Under the gate. The newest answer wins where routes of several topics name the same broker: the others may be as old as a refresh
    // interval and know of no failover since.
    private void KeepBrokers(TopicRoute route, long asked)
    {
        foreach (BrokerData broker in route.Brokers)
        {
            (int routes, long newest) = _named.GetValueOrDefault(broker.BrokerName);
            if (newest <= asked)
            {
                _named[broker.BrokerName] = (routes, asked);
                _brokers = _brokers.SetItem(broker.BrokerName, broker);
            }
        }
    }

    // Under the gate. A route names its brokers no more; those that no other one names are gone.
    private void ForgetBrokers(TopicRoute route)
    {
        foreach (string broker in BrokersOf(route))
        {
            (int routes, long asked) = _named.GetValueOrDefault(broker);
            if (routes > 1)
            {
                _named[broker] = (routes - 1, asked);
            }
            else
            {
                _named.Remove(broker);
                _brokers = _brokers.Remove(broker);
            }
        }
    }

    // A name server may name one twice.
    private static IEnumerable<string> BrokersOf(TopicRoute route) => route.Brokers.Select(static broker => broker.BrokerName).Distinct(StringComparer.Ordinal);

    private static bool Same(IReadOnlyDictionary<string, StaticTopicQueues>? left, IReadOnlyDictionary<string, StaticTopicQueues>? right) =>
        (left?.Count ?? 0) == (right?.Count ?? 0)
        && (left is null || right is null || left.All(mapping => right.TryGetValue(mapping.Key, out StaticTopicQueues? other)
            && mapping.Value.Epoch == other.Epoch && mapping.Value.Current.OrderBy(static queue => queue.Key).SequenceEqual(other.Current.OrderBy(static queue => queue.Key))));

    private static bool Same(TopicRoute left, TopicRoute right) =>
        left.OrderTopicConf == right.OrderTopicConf
        && Same(left.StaticQueues, right.StaticQueues)
        && left.Queues.OrderBy(static queue => queue.BrokerName, StringComparer.Ordinal).SequenceEqual(right.Queues.OrderBy(static queue => queue.BrokerName, StringComparer.Ordinal))
        && left.Brokers.Count == right.Brokers.Count
        && left.Brokers.OrderBy(static broker => broker.BrokerName, StringComparer.Ordinal)
            .Zip(right.Brokers.OrderBy(static broker => broker.BrokerName, StringComparer.Ordinal))
            .All(static pair => pair.First.BrokerName == pair.Second.BrokerName
                && pair.First.Addresses.OrderBy(static member => member.Key).SequenceEqual(pair.Second.Addresses.OrderBy(static member => member.Key)));
}
