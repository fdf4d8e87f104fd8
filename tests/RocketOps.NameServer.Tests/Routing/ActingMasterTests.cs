using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.NameServer.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Client;
using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Server;
using RocketOps.Remoting.Server.Connections;
using RocketOps.Testing;

namespace RocketOps.NameServer.Tests.Routing;

/// <summary>Acting masters of RocketMQ 5.x (remoting.md §3.8): what routes show, and who is told (905).</summary>
public sealed class ActingMasterTests
{
    private static readonly TimeSpan Patience = Eventually.DefaultDeadline;

    [Theory]
    [InlineData(true, true, "T", "{\"0\":\"h:2\",\"3\":\"h:3\"}", 4)]
    [InlineData(true, true, "rmq_sys_SYNC_BROKER_MEMBER_a", "{\"1\":\"h:2\",\"3\":\"h:3\"}", 4)]
    [InlineData(true, false, "T", "{\"1\":\"h:2\",\"3\":\"h:3\"}", 6)]
    [InlineData(false, true, "T", "{\"1\":\"h:2\",\"3\":\"h:3\"}", 4)]
    public async Task GetRoute_MasterIsGone_ShowsTheLowestSlaveAsOneWhereThatIsWanted(bool supports, bool enables, string topic, string addresses, int perm)
    {
        await using NameServerFixture server = await NameServerFixture.StartAsync($"supportActingMaster={(supports ? "true" : "false")}");
        RemotingClient client = server.Client();
        await RegisterAsync(server, client, 0, "h:1", enables);
        await RegisterAsync(server, client, 1, "h:2", enables);
        await RegisterAsync(server, client, 3, "h:3", enables);
        (await RouteAsync(server, client, topic)).Should().Contain("\"brokerAddrs\":{\"0\":\"h:1\",\"1\":\"h:2\",\"3\":\"h:3\"}", "its master is there");

        await UnregisterAsync(server, client, 0, "h:1");

        string route = await RouteAsync(server, client, topic);
        route.Should().Contain($"\"brokerAddrs\":{addresses}").And.Contain($"\"perm\":{perm}");
        string cluster = Encoding.UTF8.GetString((await server.AskAsync(client, RequestCode.GetBrokerClusterInfo)).Body.Span);
        cluster.Should().Contain("{1:\"h:2\",3:\"h:3\"}", "tools see the group as it is");
    }

    [Fact]
    public async Task GetRoute_SupportIsSwitchedWhileItRuns_ChangesTheAnswer()
    {
        await using NameServerFixture server = await NameServerFixture.StartAsync();
        RemotingClient client = server.Client();
        await RegisterAsync(server, client, 1, "h:2", enables: true);
        (await RouteAsync(server, client, "T")).Should().Contain("{\"1\":\"h:2\"}");

        (await server.AskAsync(client, RequestCode.UpdateNameServerConfig, "supportActingMaster=true")).Code.Should().Be(ResponseCode.Success);

        (await RouteAsync(server, client, "T")).Should().Contain("{\"0\":\"h:2\"}");
    }

    [Fact]
    public async Task Unregister_LowestMember_TellsThoseThatAreLeft()
    {
        await using FakeBroker slave = await FakeBroker.StartAsync();
        await using FakeBroker other = await FakeBroker.StartAsync();
        await using NameServerFixture server = await NameServerFixture.StartAsync("notifyMinBrokerIdChanged=true");
        RemotingClient client = server.Client();
        await RegisterAsync(server, client, 0, "127.0.0.1:1", enables: true);
        await RegisterAsync(server, client, 2, slave.Address, enables: true);
        await RegisterAsync(server, client, 3, other.Address, enables: true);

        await UnregisterAsync(server, client, 0, "127.0.0.1:1");

        foreach (FakeBroker member in (FakeBroker[])[slave, other])
        {
            RemotingCommand notice = await member.NextAsync();
            notice.IsOneWay.Should().BeTrue();
            (notice.Get("minBrokerId"), notice.Get("minBrokerAddr"), notice.Get("offlineBrokerAddr"), notice.Get("haBrokerAddr")).Should().Be(("2", slave.Address, "127.0.0.1:1", null));
        }
    }

    [Fact]
    public async Task Register_MasterComesBack_TellsTheOthers()
    {
        await using FakeBroker master = await FakeBroker.StartAsync();
        await using FakeBroker slave = await FakeBroker.StartAsync();
        await using NameServerFixture server = await NameServerFixture.StartAsync("notifyMinBrokerIdChanged=true");
        RemotingClient client = server.Client();
        await RegisterAsync(server, client, 1, slave.Address, enables: true);

        await RegisterAsync(server, client, 0, master.Address, enables: true);

        RemotingCommand notice = await slave.NextAsync();
        (notice.Get("minBrokerId"), notice.Get("minBrokerAddr"), notice.Get("offlineBrokerAddr"), notice.Get("haBrokerAddr"))
            .Should().Be(("0", master.Address, null, master.Address + "9"));
        master.Received.Should().BeEmpty("who comes knows it");
    }

    [Fact]
    public async Task Unregister_GroupThatDoesNotAsk_TellsNobody()
    {
        await using FakeBroker slave = await FakeBroker.StartAsync();
        await using NameServerFixture server = await NameServerFixture.StartAsync("notifyMinBrokerIdChanged=true");
        RemotingClient client = server.Client();
        await RegisterAsync(server, client, 0, "127.0.0.1:1", enables: false);
        await RegisterAsync(server, client, 1, slave.Address, enables: false);
        await UnregisterAsync(server, client, 0, "127.0.0.1:1");

        // Notices go out in their order: the one of the master that comes back is the first there is.
        await RegisterAsync(server, client, 0, "127.0.0.1:1", enables: false);

        (await slave.NextAsync()).Get("minBrokerId").Should().Be("0");
    }

    [Fact]
    public async Task Unregister_SwitchedOff_TellsNobody()
    {
        await using FakeBroker slave = await FakeBroker.StartAsync();
        await using NameServerFixture server = await NameServerFixture.StartAsync();
        RemotingClient client = server.Client();
        await RegisterAsync(server, client, 0, "127.0.0.1:1", enables: true);
        await RegisterAsync(server, client, 1, slave.Address, enables: true);
        await UnregisterAsync(server, client, 0, "127.0.0.1:1");
        (await server.AskAsync(client, RequestCode.UpdateNameServerConfig, "notifyMinBrokerIdChanged=true")).Code.Should().Be(ResponseCode.Success);

        await RegisterAsync(server, client, 0, "127.0.0.1:1", enables: true);

        (await slave.NextAsync()).Get("minBrokerId").Should().Be("0", "the change before was not told");
    }

    private static async Task RegisterAsync(NameServerFixture server, RemotingClient client, long id, string address, bool enables)
    {
        byte[] body = Encoding.UTF8.GetBytes(Bodies.Json("T", "U", "rmq_sys_SYNC_BROKER_MEMBER_a"));
        (await server.RegisterAsync(client, "a", id, address, body, ("enableActingMaster", enables ? "true" : "false"))).Code.Should().Be(ResponseCode.Success);
    }

    private static async Task UnregisterAsync(NameServerFixture server, RemotingClient client, long id, string address) =>
        (await server.AskAsync(client, RequestCode.UnregisterBroker, null, ("brokerName", "a"), ("brokerAddr", address), ("clusterName", "C"), ("brokerId", $"{id}"))).Code.Should().Be(ResponseCode.Success);

    private static async Task<string> RouteAsync(NameServerFixture server, RemotingClient client, string topic) =>
        Encoding.UTF8.GetString((await server.AskAsync(client, RequestCode.GetRouteInfoByTopic, null, ("topic", topic))).Body.Span);

    /// <summary>Keeps the notices it gets.</summary>
    private sealed class FakeBroker : AsyncRequestHandler, IAsyncDisposable
    {
        private readonly Channel<RemotingCommand> _notices = Channel.CreateUnbounded<RemotingCommand>();
        private RemotingServer? _server;

        public ConcurrentQueue<RemotingCommand> Received { get; } = new();

        public string Address => $"127.0.0.1:{_server!.EndPoint.Port}";

        public static async Task<FakeBroker> StartAsync()
        {
            FakeBroker broker = new();
            broker._server = await RemotingServer.StartAsync(
                new RemotingServerOptions { EndPoints = [new IPEndPoint(IPAddress.Loopback, 0)] },
                new RequestHandlerRegistry().Add(RequestCode.NotifyMinBrokerIdChange, broker),
                NullLoggerFactory.Instance,
                TimeProvider.System,
                CancellationToken.None);
            return broker;
        }

        public override ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
        {
            Received.Enqueue(request);
            _notices.Writer.TryWrite(request);
            return new ValueTask<RemotingCommand?>((RemotingCommand?)null);
        }

        public async Task<RemotingCommand> NextAsync() => await _notices.Reader.ReadAsync().AsTask().WaitAsync(Patience);

        public ValueTask DisposeAsync() => _server!.DisposeAsync();
    }
}
