using System.Text;
using RocketOps.Broker.Tests.Support;
using RocketOps.NameServer.Hosting;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Client;
using RocketOps.Testing;
using RocketOps.Testing.Remoting;

namespace RocketOps.Broker.Tests.StaticTopics;

/// <summary>A name server and two masters, broker-a and broker-b, in this process, each with a plain connection to it.</summary>
internal sealed class StaticTopicBrokers : IAsyncDisposable
{
    private readonly TempDirectory _directory = new("static-");
    private NameServerHost? _nameServer;
    private RawConnection? _toA;
    private RawConnection? _toB;

    public TestBroker A { get; private set; } = null!;

    public TestBroker B { get; private set; } = null!;

    public RawConnection ToA => _toA!;

    public RawConnection ToB => _toB!;

    public string NameServerAddress => $"127.0.0.1:{_nameServer!.EndPoint.Port}";

    public static async Task<StaticTopicBrokers> StartAsync(bool onlyA = false)
    {
        StaticTopicBrokers brokers = new();
        brokers._nameServer = await NameServers.StartAsync(brokers._directory);
        await brokers.StartAAsync();
        if (!onlyA)
        {
            brokers.B = await brokers.StartAsync("broker-b", directory: null);
            brokers._toB = await RawConnection.ConnectAsync(brokers.B.Address);
        }

        return brokers;
    }

    /// <summary>Stops broker-a and starts it on its store again.</summary>
    public async Task RestartAAsync()
    {
        await ToA.DisposeAsync();
        await A.DisposeAsync();
        await StartAAsync();
    }

    /// <summary>The topic's route once all that is in it: whoever makes a topic is answered when the name server has been told, or has taken too long.</summary>
    public async Task<string> RouteAsync(string topic, params string[] told)
    {
        await using RemotingClient client = TestBroker.NewClient();
        string route = string.Empty;
        await Eventually.TrueAsync(
            async () =>
            {
                RemotingCommand answer = await client.InvokeAsync(NameServerAddress, RemotingCommand.CreateRequest(RequestCode.GetRouteInfoByTopic).Set("topic", topic));
                route = answer.Code == ResponseCode.Success ? Encoding.UTF8.GetString(answer.Body.Span) : string.Empty;
                return route.Length > 0 && told.All(part => route.Contains(part, StringComparison.Ordinal));
            },
            $"the route of {topic} has {string.Join(" and ", told)}");
        return route;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (RawConnection? connection in (RawConnection?[])[_toA, _toB])
        {
            await (connection?.DisposeAsync() ?? ValueTask.CompletedTask);
        }

        foreach (TestBroker? broker in (TestBroker?[])[A, B])
        {
            await (broker?.DisposeAsync() ?? ValueTask.CompletedTask);
        }

        await (_nameServer?.DisposeAsync() ?? ValueTask.CompletedTask);
        _directory.Dispose();
    }

    private async Task StartAAsync()
    {
        A = await StartAsync("broker-a", _directory);
        _toA = await RawConnection.ConnectAsync(A.Address);
    }

    private async Task<TestBroker> StartAsync(string name, TempDirectory? directory)
    {
        Dictionary<string, string> settings = new(StringComparer.Ordinal)
        {
            ["brokerName"] = name,
            ["namesrvAddr"] = NameServerAddress,
            ["slaveSyncInterval"] = "200",
            ["forwardTimeout"] = "180000",
            ["registerNameServerPeriod"] = "60000",
        };

        // What the name server knows of a change it was told because of the change.
        TestBroker broker = await TestBroker.StartAsync(settings, directory, time: new ShortTimers());
        await broker.Host.FirstRegistration;
        return broker;
    }
}
