using System.Globalization;
using System.Net;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Broker.Hosting.Modules;
using RocketOps.Broker.Replication.Slave;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Client;
using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Server;
using RocketOps.Remoting.Server.Connections;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Replication.Slave;

/// <summary>What a slave asks of its master, which is played and knows nothing but how far consumers and checks of transactions are.</summary>
public sealed class SlaveSyncTests : IAsyncLifetime
{
    private readonly Master _master = new();
    private readonly MasterAddresses _addresses = new(configuredHa: string.Empty, isElected: false);
    private RemotingServer _server = null!;
    private TestBroker _slave = null!;
    private RemotingClient _client = null!;

    public async Task InitializeAsync()
    {
        _server = await RemotingServer.StartAsync(
            new RemotingServerOptions { EndPoints = [new IPEndPoint(IPAddress.Loopback, 0)] },
            new RequestHandlerRegistry().Add(RequestCode.GetAllConsumerOffset, _master).Add(RequestCode.GetBrokerRuntimeInfo, _master),
            NullLoggerFactory.Instance);
        _slave = await TestBroker.StartAsync();
        _client = TestBroker.NewClient();
    }

    public async Task DisposeAsync()
    {
        await _client.DisposeAsync();
        await _slave.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Round_ConsumersAndChecksHaveComeOn_AsksOnceWhereTheLogEnds()
    {
        SlaveSync sync = NewSync();

        await sync.EndWithLastRoundAsync(Eventually.DefaultDeadline);

        _master.AskedForOffsets.Should().Be(1);
        _master.AskedForEnd.Should().Be(1);
        _slave.Host.Modules.Offsets.Consumers.Query("T", "g", 0).Should().Be(5);
        _slave.Host.Modules.Transactions.State.Progress.Half.Should().Be(3);
        _slave.Host.Modules.Transactions.State.Progress.Op.Should().Be(2);
    }

    /// <summary>Both rest on messages that are not here.</summary>
    [Fact]
    public async Task Round_TheMasterDoesNotTellWhereItsLogEnds_NothingIsTakenThatRestsOnIt()
    {
        _master.End = 1_000_000;
        _master.Silences = 1;

        await using (SlaveSync sync = NewSync())
        {
            sync.Start();
            await Eventually.TrueAsync(() => _master.AskedForEnd >= 2, "it has asked again");
        }

        _master.AskedForOffsets.Should().Be(2, "what was told without an end counts for nothing");
        _slave.Host.Modules.Offsets.Consumers.Query("T", "g", 0).Should().Be(-1);
        _slave.Host.Modules.Transactions.State.Progress.Half.Should().Be(0);
    }

    /// <summary>A master that has lost its disk serves again where it was, and knows neither the topics nor how far consumers are: what this slave has would be removed.</summary>
    [Fact]
    public async Task Rounds_MastersLogIsNotFollowed_TakeNothingUntilItIs()
    {
        await _slave.CreateTopicAsync("T");
        await _slave.SendAsync("T", "of a master whose log was followed");
        CountedTimers time = new();
        await using SlaveSync sync = NewSync(time);

        sync.Start();
        await Eventually.TrueAsync(() => time.Made >= 3, "rounds are over");
        int asked = _master.AskedForOffsets;
        _addresses.IsFollowed = true;

        asked.Should().Be(0);
        await Eventually.TrueAsync(() => _master.AskedForOffsets > 0, "it is asked");
    }

    private SlaveSync NewSync(TimeProvider? time = null)
    {
        _addresses.Learn(_server.EndPoint.ToString(), ha: null);
        BrokerModules modules = _slave.Host.Modules;
        CopiedTables tables = new(
            modules.Topics.Topics,
            modules.Statics.Mappings,
            modules.Groups.Groups,
            modules.Assignments.Modes,
            modules.Offsets.Consumers,
            modules.Offsets.Delays,
            modules.Transactions.State.Progress,
            modules.Timers.Timers,
            Consumers: null);
        return new SlaveSync(_addresses, _client, tables, modules.Host.Store, TimeSpan.FromMilliseconds(20), time ?? TimeProvider.System, NullLogger.Instance);
    }

    private sealed class Master : AsyncRequestHandler
    {
        private int _askedForOffsets;
        private int _askedForEnd;

        public int AskedForOffsets => Volatile.Read(ref _askedForOffsets);

        public int AskedForEnd => Volatile.Read(ref _askedForEnd);

        public long End { get; set; }

        /// <summary>So often it does not tell the end.</summary>
        public int Silences { get; set; }

        public override ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
        {
            if (request.Code == RequestCode.GetAllConsumerOffset)
            {
                Interlocked.Increment(ref _askedForOffsets);
                return Answer(request, """{"offsetTable":{"T@g":{0:5},"RMQ_SYS_TRANS_HALF_TOPIC@CID_RMQ_SYS_TRANS":{0:3},"RMQ_SYS_TRANS_OP_HALF_TOPIC@CID_RMQ_SYS_TRANS":{0:2}}}""");
            }

            return Interlocked.Increment(ref _askedForEnd) <= Silences
                ? new(RemotingCommand.CreateResponse(request, ResponseCode.SystemError))
                : Answer(request, string.Create(CultureInfo.InvariantCulture, $$$"""{"table":{"commitLogMaxOffset":"{{{End}}}"}}"""));
        }

        private static ValueTask<RemotingCommand?> Answer(RemotingCommand request, string body)
        {
            RemotingCommand answer = RemotingCommand.CreateResponse(request, ResponseCode.Success);
            answer.Body = Encoding.UTF8.GetBytes(body);
            return new(answer);
        }
    }
}
