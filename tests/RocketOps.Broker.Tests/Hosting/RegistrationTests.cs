using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Broker.Tests.Support;
using RocketOps.Remoting.Commands;
using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Server;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Hosting;

/// <summary>What name servers are told, and when.</summary>
public sealed class RegistrationTests
{
    [Fact]
    public async Task Start_TwoNameServers_BothAreToldOfTheBrokerAndItsTopics()
    {
        await using FakeNameServer first = await FakeNameServer.StartAsync();
        await using FakeNameServer second = await FakeNameServer.StartAsync();

        await using TestBroker broker = await StartBrokerAsync($"{first.Address};{second.Address}");

        foreach (FakeNameServer nameServer in (FakeNameServer[])[first, second])
        {
            await Eventually.TrueAsync(() => !nameServer.Registrations.IsEmpty, "the broker has registered");
            nameServer.Registrations.TryPeek(out RemotingCommand? registration).Should().BeTrue();
            registration!.Get("brokerName").Should().Be("broker-a");
            registration.Get("brokerId").Should().Be("0");
            registration.Get("clusterName").Should().Be("DefaultCluster");
            registration.Get("brokerAddr").Should().Be(broker.Address);
            registration.Get("haServerAddr").Should().Be($"127.0.0.1:{broker.Host.EndPoint.Port + 1}");
            Encoding.UTF8.GetString(registration.Body.Span).Should().Contain("\"topicConfigTable\":{").And.Contain("\"TBW102\":{\"attributes\":{},\"order\":false,\"perm\":7,\"readQueueNums\":8");
        }
    }

    [Fact]
    public async Task CreateTopic_Answered_TheNameServerKnowsItAlready()
    {
        await using FakeNameServer nameServer = await FakeNameServer.StartAsync();
        await using TestBroker broker = await StartBrokerAsync(nameServer.Address);
        await broker.Host.FirstRegistration;

        await broker.CreateTopicAsync("New");

        Encoding.UTF8.GetString(nameServer.Registrations.Last().Body.Span).Should().Contain("\"New\":");
    }

    [Fact]
    public async Task BrokerPermission_Changed_IsMixedIntoEveryTopicAtOnce()
    {
        await using FakeNameServer nameServer = await FakeNameServer.StartAsync();
        await using TestBroker broker = await StartBrokerAsync(nameServer.Address);
        await broker.CreateTopicAsync("Known");
        RemotingCommand update = RemotingCommand.CreateRequest(RequestCode.UpdateBrokerConfig);
        update.Body = "brokerPermission=4\n"u8.ToArray();

        await broker.InvokeAsync(update);

        Encoding.UTF8.GetString(nameServer.Registrations.Last().Body.Span).Should().Contain("\"Known\":{\"attributes\":{},\"order\":false,\"perm\":4,");
    }

    [Fact]
    public async Task Stop_Broker_UnregistersOverTheSameConnection()
    {
        await using FakeNameServer nameServer = await FakeNameServer.StartAsync();
        TestBroker broker = await StartBrokerAsync(nameServer.Address);
        await broker.Host.FirstRegistration;
        await broker.CreateTopicAsync("Another");

        await broker.DisposeAsync();

        nameServer.Unregistrations.Should().ContainSingle();
        nameServer.Connections.Should().HaveCount(1, "a name server forgets a broker whose connection closes");
    }

    [Fact]
    public async Task NameServer_LosesTheConnection_IsToldAgainAtOnce()
    {
        await using FakeNameServer nameServer = await FakeNameServer.StartAsync();
        await using TestBroker broker = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["namesrvAddr"] = nameServer.Address, ["registerNameServerPeriod"] = "60000" });
        await broker.Host.FirstRegistration;
        int before = nameServer.Registrations.Count;

        nameServer.CloseConnections();

        await Eventually.TrueAsync(() => nameServer.Registrations.Count > before, "the broker has registered again, before its period of 60 s", TimeSpan.FromSeconds(50));
    }

    [Fact]
    public async Task Start_NameServerAway_BrokerServesAllTheSame()
    {
        await using TestBroker broker = await StartBrokerAsync("127.0.0.1:1");

        await broker.SendAsync("Alone", "x");
    }

    private static Task<TestBroker> StartBrokerAsync(string nameServers) => TestBroker.StartAsync(new(StringComparer.Ordinal) { ["namesrvAddr"] = nameServers });

    private sealed class FakeNameServer : IAsyncDisposable
    {
        private RemotingServer _server = null!;

        public ConcurrentQueue<RemotingCommand> Registrations { get; } = new();

        public ConcurrentQueue<RemotingCommand> Unregistrations { get; } = new();

        public ConcurrentDictionary<string, RemotingConnection> Connections { get; } = new(StringComparer.Ordinal);

        public string Address => _server.EndPoint.ToString();

        public static async Task<FakeNameServer> StartAsync()
        {
            FakeNameServer fake = new();
            RequestHandlerRegistry handlers = new RequestHandlerRegistry()
                .Add(RequestCode.RegisterBroker, new Recorder(fake, fake.Registrations))
                .Add(RequestCode.UnregisterBroker, new Recorder(fake, fake.Unregistrations));
            fake._server = await RemotingServer.StartAsync(new RemotingServerOptions { EndPoints = [new IPEndPoint(IPAddress.Loopback, 0)] }, handlers, NullLoggerFactory.Instance);
            return fake;
        }

        public void CloseConnections()
        {
            foreach (RemotingConnection connection in Connections.Values)
            {
                connection.Abort("the test says so");
            }
        }

        public ValueTask DisposeAsync() => _server.DisposeAsync();

        private sealed class Recorder(FakeNameServer owner, ConcurrentQueue<RemotingCommand> requests) : AsyncRequestHandler
        {
            public override ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
            {
                owner.Connections[connection.Id] = connection;
                requests.Enqueue(request);
                return new ValueTask<RemotingCommand?>(RemotingCommand.CreateResponse(request, ResponseCode.Success));
            }
        }
    }
}
