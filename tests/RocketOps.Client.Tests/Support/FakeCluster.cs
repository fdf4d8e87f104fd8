using System.Collections.Concurrent;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using RocketOps.Protocol.Commands;
using RocketOps.Testing;

namespace RocketOps.Client.Tests.Support;

/// <summary>A fake name server and fake brokers that know each other.</summary>
internal sealed class FakeCluster : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, string> _routes = new(StringComparer.Ordinal);
    private FakePeer? _nameServer;

    public IReadOnlyList<FakeBroker> Brokers { get; private set; } = [];

    public FakeBroker Broker => Brokers[0];

    public string NameServer => _nameServer!.Address;

    /// <summary>Options whose limits are not what a test is about: a machine that is short of CPU does not use them up.</summary>
    public ConnectionOptions ConnectionOptions => new() { NameServers = NameServer, ConnectTimeout = Eventually.DefaultDeadline, RequestTimeout = Eventually.DefaultDeadline };

    /// <inheritdoc cref="ConnectionOptions"/>
    public ProducerOptions ProducerOptions => new()
    {
        NameServers = NameServer,
        ConnectTimeout = Eventually.DefaultDeadline,
        RequestTimeout = Eventually.DefaultDeadline,
        SendTimeout = Eventually.DefaultDeadline,
    };

    /// <inheritdoc cref="ConnectionOptions"/>
    public PushConsumerOptions ConsumerOptions => new()
    {
        NameServers = NameServer,
        Group = "g",
        ConsumeFromWhere = ConsumeFromWhere.FirstOffset,
        ConnectTimeout = Eventually.DefaultDeadline,
        RequestTimeout = Eventually.DefaultDeadline,
    };

    /// <summary>How often the name server was asked for the route of a topic.</summary>
    public int RouteQuestions(string topic) => _nameServer!.Received.Count(request => request.Get("topic") == topic);

    public static async Task<FakeCluster> StartAsync(int brokers = 1, int version = MqVersion.V533)
    {
        FakeCluster cluster = new();
        cluster._nameServer = await FakePeer.StartAsync((RequestCode.GetRouteInfoByTopic, cluster.Route));
        List<FakeBroker> started = [];
        for (int i = 0; i < brokers; i++)
        {
            started.Add(await FakeBroker.StartAsync("broker-" + (char)('a' + i), version));
        }

        cluster.Brokers = started;
        return cluster;
    }

    /// <summary>
    /// Begins a host's registrations for this cluster. The client that its members share has <see cref="ConnectionOptions"/>: of two registrations
    /// under one key the later one counts.
    /// </summary>
    public RocketMqBuilder AddTo(IServiceCollection services)
    {
        RocketMqBuilder builder = services.AddRocketMq(NameServer);
        services.AddKeyedSingleton(builder, (_, _) => new RocketMqClient(ConnectionOptions));
        return builder;
    }

    /// <summary>Lets the name server know a topic with so many queues on each broker.</summary>
    public void AddTopic(string topic, int queues, int perm = 6) =>
        _routes[topic] = "{\"brokerDatas\":["
            + string.Join(',', Brokers.Select(static broker => $"{{\"brokerAddrs\":{{0:\"{broker.Address}\"}},\"brokerName\":\"{broker.Name}\",\"cluster\":\"C\"}}"))
            + "],\"filterServerTable\":{},\"queueDatas\":["
            + string.Join(',', Brokers.Select(broker => $"{{\"brokerName\":\"{broker.Name}\",\"perm\":{perm},\"readQueueNums\":{queues},\"topicSysFlag\":0,\"writeQueueNums\":{queues}}}"))
            + "]}";

    /// <summary>Lets the name server answer just this for a topic.</summary>
    public void SetRoute(string topic, string route) => _routes[topic] = route;

    /// <summary>What the name server answers for a topic.</summary>
    public string Route(string topic) => _routes[topic];

    /// <summary>Lets the name server name another address for the first broker of a topic.</summary>
    public void Redirect(string topic, string address) => _routes[topic] = _routes[topic].Replace(Broker.Address, address, StringComparison.Ordinal);

    public async ValueTask DisposeAsync()
    {
        foreach (FakeBroker broker in Brokers)
        {
            await broker.DisposeAsync();
        }

        await _nameServer!.DisposeAsync();
    }

    private RemotingCommand Route(RemotingCommand request)
    {
        if (!_routes.TryGetValue(request.GetRequired("topic"), out string? route))
        {
            return RemotingCommand.CreateResponse(request, ResponseCode.TopicNotExist, "No topic route info");
        }

        RemotingCommand response = RemotingCommand.CreateResponse(request, ResponseCode.Success);
        response.Body = Encoding.UTF8.GetBytes(route);
        return response;
    }
}
