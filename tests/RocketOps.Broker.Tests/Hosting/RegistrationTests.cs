using System.Buffers;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Json;
using RocketOps.Broker.Registration;
using RocketOps.Broker.Tests.Failover;
using RocketOps.Broker.Tests.Support;
using RocketOps.Broker.Topics;
using RocketOps.Hosting.Hosts;
using RocketOps.NameServer.Hosting;
using RocketOps.Protocol.Bodies;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Client;
using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Server;
using RocketOps.Remoting.Server.Connections;
using RocketOps.Testing;
using RocketOps.Testing.Time;

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
            registration.Get("haServerAddr").Should().Be($"127.0.0.1:{broker.Host.Modules.Replication.Listener.Port}");
            Encoding.UTF8.GetString(registration.Body.Span).Should().Contain("\"topicConfigTable\":{").And.Contain("\"TBW102\":{\"attributes\":{},\"order\":false,\"perm\":7,\"readQueueNums\":8");
        }
    }

    /// <summary>Clients split host and port at the last colon, and some refuse an address without brackets.</summary>
    [Fact]
    public async Task Start_IPv6Address_IsToldInBracketsAndWithoutItsZone()
    {
        await using FakeNameServer nameServer = await FakeNameServer.StartAsync();
        await using TestBroker broker = await TestBroker.StartAsync(new(StringComparer.Ordinal)
        {
            ["namesrvAddr"] = nameServer.Address,
            ["brokerIP1"] = "fd00::7",
            ["brokerIP2"] = "[fe80::7%1]",
        });
        await broker.Host.FirstRegistration;

        RemotingCommand registration = nameServer.Registrations.Last();
        registration.Get("brokerAddr").Should().Be($"[fd00::7]:{broker.Host.EndPoint.Port}");
        registration.Get("haServerAddr").Should().Be($"[fe80::7]:{broker.Host.Modules.Replication.Listener.Port}");
    }

    /// <summary>All ports take connections of both families.</summary>
    [Fact]
    public async Task Start_OnAllAddresses_EveryPortTakesIPv4()
    {
        await using TestBroker broker = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["bindAddress"] = "::", ["httpPort"] = "-1" });

        foreach (int port in (int[])[broker.Host.EndPoint.Port, broker.Host.Modules.Replication.Listener.Port, broker.Host.HttpEndPoint!.Port])
        {
            using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(IPAddress.Loopback, port);
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
    public async Task Role_Changed_TheNameServerKnowsTheNewIdWhenTheChangeReturns()
    {
        await using FakeNameServer nameServer = await FakeNameServer.StartAsync();
        await using TestBroker broker = await StartBrokerAsync(nameServer.Address);
        await broker.Host.FirstRegistration;

        await broker.Host.Modules.Roles.Roles.FollowAsync(epoch: 1, slaveId: 3, join: null);
        string? asSlave = nameServer.Registrations.Last().Get("brokerId");
        await broker.Host.Modules.Roles.Roles.TakeOverAsync(epoch: 2);

        asSlave.Should().Be("3");
        nameServer.Registrations.Last().Get("brokerId").Should().Be("0");
    }

    /// <summary>Our name servers keep such an address in the routes when the connection ends by which it was registered.</summary>
    [Fact]
    public async Task Lead_ByAnAddressThatFollowsTheMaster_TheNameServerIsToldThatItDoes()
    {
        await using FakeNameServer nameServer = await FakeNameServer.StartAsync();
        await using ElectedMembers members = await ElectedMembers.StartAsync(["a"], ("minInSyncReplicas", "1"), ("masterIP1", "127.0.0.2"), ("namesrvAddr", nameServer.Address));

        await Eventually.TrueAsync(() => nameServer.Registrations.Any(static told => told.Get("brokerId") == "0"), "it leads");

        nameServer.Registrations.Should().OnlyContain(static told => told.Get("brokerId") == "0" == (told.Get("addressFollowsMaster") == "true"));
        nameServer.Registrations.Last().Get("brokerAddr").Should().StartWith("127.0.0.2:");
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
        await using TestBroker broker = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["namesrvAddr"] = nameServer.Address, ["registerNameServerPeriod"] = "60000" }, time: new ShortTimers());
        await broker.Host.FirstRegistration;
        int before = nameServer.Registrations.Count;

        nameServer.CloseConnections();

        await Eventually.TrueAsync(() => nameServer.Registrations.Count > before, "the broker has registered again");
    }

    /// <summary>The next round for all never comes.</summary>
    [Fact]
    public async Task NameServer_RefusesTheFirstRegistration_IsAskedAgainSoon()
    {
        await using FakeNameServer known = await FakeNameServer.StartAsync();
        await using FakeNameServer refusing = await FakeNameServer.StartAsync();
        refusing.RefuseNext = 2;
        await using TestBroker broker = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["namesrvAddr"] = $"{known.Address};{refusing.Address}", ["registerNameServerPeriod"] = "60000" }, time: new ShortTimers());
        await broker.Host.FirstRegistration;

        await Eventually.TrueAsync(() => refusing.Registrations.Count >= 3, "the broker has registered");

        known.Registrations.Should().ContainSingle("who knows the broker is spared");
    }

    /// <summary>As a headless Service answers when a pod was replaced: the same name, another address.</summary>
    [Fact]
    public async Task NameServer_NewAddressBehindItsName_IsToldSoon()
    {
        using TempDirectory directory = new("hosts-");
        await using FakeNameServer first = await FakeNameServer.StartAsync();
        await using FakeNameServer second = await FakeNameServer.StartAsync(new IPEndPoint(IPAddress.Parse("127.0.0.2"), first.EndPoint.Port));
        string hosts = directory.File("hosts");
        await File.WriteAllTextAsync(hosts, "127.0.0.1 nameservers\n");
        await using TestBroker broker = await TestBroker.StartAsync(
            new(StringComparer.Ordinal) { ["namesrvAddr"] = $"nameservers:{first.EndPoint.Port}", ["registerNameServerPeriod"] = "60000" }, time: new ShortTimers(faster: 20), resolver: new HostResolver(hosts));
        await broker.Host.FirstRegistration;

        await File.WriteAllTextAsync(hosts, "127.0.0.1 nameservers\n127.0.0.2 nameservers\n");

        await Eventually.TrueAsync(() => !second.Registrations.IsEmpty, "the new name server is told");
    }

    [Fact]
    public async Task Start_NameServerAway_BrokerServesAllTheSame()
    {
        await using TestBroker broker = await StartBrokerAsync("127.0.0.1:1");

        await broker.SendAsync("Alone", "x");
    }

    [Fact]
    public async Task ManyTopics_AllAreInRoutesAndAnotherOneIsToldAlone()
    {
        const int Topics = 30_000;
        using TempDirectory directory = new("many-");
        System.IO.Directory.CreateDirectory(directory.File("store", "config"));
        ArrayBufferWriter<byte> file = new();
        BrokerJson.WriteFile(file, new TopicTableFile
        {
            DataVersion = new DataVersion { Counter = 7, Timestamp = 1 },
            Topics = Enumerable.Range(0, Topics).Select(static i => new TopicConfig { TopicName = $"orders-of-the-customer-{i:D6}", ReadQueueNums = 4, WriteQueueNums = 4, TopicSysFlag = i == 5 ? 1 : 0 })
                .ToDictionary(static topic => topic.Name, StringComparer.Ordinal),
        }, TopicJson.Files.TopicTableFile);
        await File.WriteAllBytesAsync(directory.File("store", "config", "topics.json"), file.WrittenMemory);
        await using NameServerHost real = await NameServers.StartAsync(directory);
        await using FakeNameServer fake = await FakeNameServer.StartAsync();
        await using TestBroker broker = await TestBroker.StartAsync(
            new(StringComparer.Ordinal) { ["namesrvAddr"] = $"{real.EndPoint};{fake.Address}" }, directory, time: new FakeTimeProvider());
        await broker.Host.FirstRegistration;
        await using RemotingClient client = TestBroker.NewClient();

        (await RouteOfAsync(client, real, "orders-of-the-customer-000000")).Should().Contain("\"readQueueNums\":4").And.Contain("\"topicSysFlag\":0");
        (await RouteOfAsync(client, real, "orders-of-the-customer-000005")).Should().Contain("\"topicSysFlag\":1", "what the compressed format cannot say follows");
        (await RouteOfAsync(client, real, $"orders-of-the-customer-{Topics - 1:D6}")).Should().Contain(broker.Address);
        fake.Registrations.Sum(static registration => registration.Body.Length).Should().BeLessThan(1_300 * 1024, "a frame holds no more than 16 MiB, and a broker may have 300 000 topics");
        int before = fake.Registrations.Count;

        await broker.CreateTopicAsync("New");

        (await RouteOfAsync(client, real, "New")).Should().Contain(broker.Address);
        (await RouteOfAsync(client, real, "orders-of-the-customer-000001")).Should().Contain(broker.Address);
        fake.Registrations.Skip(before).Should().AllSatisfy(static registration => registration.Body.Length.Should().BeLessThan(1_000));
    }

    [Fact]
    public async Task Changes_NameServerRefusesThem_GetsTheWholeTable()
    {
        await using FakeNameServer nameServer = await FakeNameServer.StartAsync();
        await using TestBroker broker = await StartBrokerAsync(nameServer.Address, tellsChanges: true);
        await broker.Host.FirstRegistration;
        await broker.CreateTopicAsync("First");
        BodyOf(nameServer.Registrations.Last()).Should().Contain("\"First\":").And.NotContain("\"TBW102\":");

        // As RocketMQ 5 answers one topic of a broker it does not know.
        nameServer.RefuseNext = 1;
        await broker.CreateTopicAsync("Second");

        BodyOf(nameServer.Registrations.Last()).Should().ContainAll("\"First\":", "\"Second\":", "\"TBW102\":");
    }

    [Fact]
    public async Task Changes_TheConnectionIsNew_GetsTheWholeTable()
    {
        await using FakeNameServer nameServer = await FakeNameServer.StartAsync();
        await using TestBroker broker = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["namesrvAddr"] = nameServer.Address, ["enableSingleTopicRegister"] = "true" });
        await broker.Host.FirstRegistration;
        int before = nameServer.Registrations.Count;
        nameServer.CloseConnections();
        await Eventually.TrueAsync(() => nameServer.Registrations.Count > before, "it is told again");

        BodyOf(nameServer.Registrations.Skip(before).First()).Should().Contain("\"TBW102\":");
    }

    [Fact]
    public void Split_Table_PartsHaveDifferentVersionsAndTheLastHasTheTables()
    {
        DataVersion version = new() { Counter = 3, Timestamp = 1_000 };
        BrokerOptions options = TestBroker.OptionsOf(new(StringComparer.Ordinal) { ["enableSplitRegistration"] = "true", ["splitRegistrationSize"] = "40" });
        Dictionary<string, TopicConfig> topics = Enumerable.Range(0, 100).Select(static i => new TopicConfig { TopicName = $"T{i}" }).ToDictionary(static topic => topic.Name, StringComparer.Ordinal);

        string[] bodies = [.. RegistrationBodies.Write(version, topics, static _ => null, RegistrationOptions.From(options.Values)).Select(static part => Encoding.UTF8.GetString(part.Body))];

        bodies.Should().HaveCount(3);
        bodies[0].Should().Contain("\"timestamp\":998}");
        bodies[1].Should().Contain("\"timestamp\":999}");
        bodies[2].Should().Contain("\"timestamp\":1000}");
        topics.Keys.Should().AllSatisfy(name => bodies.Count(body => body.Contains($"\"{name}\":", StringComparison.Ordinal)).Should().Be(1));
    }

    private static string BodyOf(RemotingCommand registration) => Encoding.UTF8.GetString(registration.Body.Span);

    /// <summary>The topic's route once there is one: whoever makes a topic is answered when the name servers have been told, or have taken too long, as a busy one does with thirty thousand topics.</summary>
    private static async Task<string> RouteOfAsync(RemotingClient client, NameServerHost nameServer, string topic)
    {
        RemotingCommand? answer = null;
        await Eventually.TrueAsync(
            async () =>
            {
                answer = await client.InvokeAsync(nameServer.EndPoint.ToString(), RemotingCommand.CreateRequest(RequestCode.GetRouteInfoByTopic).Set("topic", topic), Eventually.DefaultDeadline);
                return answer.Code == ResponseCode.Success;
            },
            $"the name server knows {topic}");
        return Encoding.UTF8.GetString(answer!.Body.Span);
    }

    /// <summary>Its clock stands still: a change is answered when name servers have been told, however long they take, and they are told of nothing else.</summary>
    private static Task<TestBroker> StartBrokerAsync(string nameServers, bool tellsChanges = false) => TestBroker.StartAsync(
        new(StringComparer.Ordinal) { ["namesrvAddr"] = nameServers, ["enableSingleTopicRegister"] = tellsChanges ? "true" : "false" }, time: new FakeTimeProvider());

    private sealed class FakeNameServer : IAsyncDisposable
    {
        private RemotingServer _server = null!;

        private int _refuseNext;

        public ConcurrentQueue<RemotingCommand> Registrations { get; } = new();

        /// <summary>So many of the next requests are refused.</summary>
        public int RefuseNext
        {
            set => Volatile.Write(ref _refuseNext, value);
        }

        public ConcurrentQueue<RemotingCommand> Unregistrations { get; } = new();

        public ConcurrentDictionary<string, RemotingConnection> Connections { get; } = new(StringComparer.Ordinal);

        public IPEndPoint EndPoint => _server.EndPoint;

        public string Address => EndPoint.ToString();

        public static async Task<FakeNameServer> StartAsync(IPEndPoint? endPoint = null)
        {
            FakeNameServer fake = new();
            RequestHandlerRegistry handlers = new RequestHandlerRegistry()
                .Add(RequestCode.RegisterBroker, new Recorder(fake, fake.Registrations))
                .Add(RequestCode.UnregisterBroker, new Recorder(fake, fake.Unregistrations));
            fake._server = await RemotingServer.StartAsync(new RemotingServerOptions { EndPoints = [endPoint ?? new IPEndPoint(IPAddress.Loopback, 0)] }, handlers, NullLoggerFactory.Instance);
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
                int code = Interlocked.Decrement(ref owner._refuseNext) >= 0 ? ResponseCode.SystemError : ResponseCode.Success;
                return new ValueTask<RemotingCommand?>(RemotingCommand.CreateResponse(request, code));
            }
        }
    }
}
