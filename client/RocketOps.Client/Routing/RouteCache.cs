using System.Collections.Immutable;
using RocketOps.Client.Internal;
using RocketOps.Client.Json;
using RocketOps.Remoting.Commands;

namespace RocketOps.Client.Routing;

/// <summary>
/// The routes a client uses and, made of them, the addresses of the brokers. A route is asked for when first needed and then every 30 s; readers take a snapshot.
/// A topic that the name servers stop knowing keeps its last route, as in the Java client: one name server that just started must not stop a producer.
/// </summary>
internal sealed class RouteCache(NameServers nameServers)
{
    /// <summary>Topic whose route stands in for topics that brokers will create on the first message.</summary>
    public const string DefaultTopic = "TBW102";

    private readonly Lock _gate = new();
    private Action<string>? _changed;
    private volatile ImmutableDictionary<string, TopicRoute> _routes = ImmutableDictionary.Create<string, TopicRoute>(StringComparer.Ordinal);
    private volatile ImmutableDictionary<string, BrokerData> _brokers = ImmutableDictionary.Create<string, BrokerData>(StringComparer.Ordinal);

    /// <summary>Broker name → members, of all routes in use.</summary>
    public IReadOnlyDictionary<string, BrokerData> Brokers => _brokers;

    public IEnumerable<string> Topics => _routes.Keys;

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

    public TopicRoute? Find(string topic) => _routes.GetValueOrDefault(topic);

    /// <summary>The route, asked for now unless it is known. Null when no name server knows the topic. Throws <see cref="RocketMqException"/> when none answers.</summary>
    public async Task<TopicRoute?> GetAsync(string topic, CancellationToken cancellationToken) =>
        Find(topic) ?? await RefreshAsync(topic, cancellationToken).ConfigureAwait(false);

    /// <summary>
    /// The route of a topic to send to: like <see cref="GetAsync"/>, and for an unknown topic the one of <see cref="DefaultTopic"/> with at most
    /// <paramref name="defaultQueues"/> queues, as the broker will create it.
    /// </summary>
    public async Task<TopicRoute?> GetForSendAsync(string topic, int defaultQueues, CancellationToken cancellationToken)
    {
        if (await GetAsync(topic, cancellationToken).ConfigureAwait(false) is { } known)
        {
            return known;
        }

        if (await AskAsync(DefaultTopic, cancellationToken).ConfigureAwait(false) is not { } template)
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
        Put(topic, created);
        return created;
    }

    /// <summary>Asks a name server for the route and keeps what it says; an unknown topic keeps its last route.</summary>
    public async Task<TopicRoute?> RefreshAsync(string topic, CancellationToken cancellationToken)
    {
        TopicRoute? route = await AskAsync(topic, cancellationToken).ConfigureAwait(false);
        if (route is not null)
        {
            Put(topic, route);
        }

        return Find(topic);
    }

    /// <summary>The master of a broker group; null while there is none.</summary>
    public string? FindMaster(string brokerName) => _brokers.GetValueOrDefault(brokerName)?.MasterAddress;

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

    private async Task<TopicRoute?> AskAsync(string topic, CancellationToken cancellationToken)
    {
        (RemotingCommand response, string address) = await nameServers
            .InvokeAsync(() => RemotingCommand.CreateRequest(RequestCode.GetRouteInfoByTopic).Set("topic", topic), cancellationToken).ConfigureAwait(false);
        return response.Code switch
        {
            ResponseCode.Success => ClientJson.Read(response, ClientJson.Default.TopicRoute, address),
            ResponseCode.TopicNotExist => null,
            _ => throw new RocketMqException(response.Code, response.Remark, address),
        };
    }

    private void Put(string topic, TopicRoute route)
    {
        lock (_gate)
        {
            // The newest answer wins where routes of several topics name the same broker: the others may be as old as a refresh interval and know of no failover since.
            _brokers = _brokers.SetItems(route.Brokers.Select(static broker => KeyValuePair.Create(broker.BrokerName, broker)));
            if (_routes.TryGetValue(topic, out TopicRoute? old) && Same(old, route))
            {
                return;
            }

            _routes = _routes.SetItem(topic, route);
            HashSet<string> named = [.. _routes.Values.SelectMany(static known => known.Brokers).Select(static broker => broker.BrokerName)];
            _brokers = _brokers.RemoveRange(_brokers.Keys.Where(name => !named.Contains(name)));
        }

        Volatile.Read(ref _changed)?.Invoke(topic);
    }

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
