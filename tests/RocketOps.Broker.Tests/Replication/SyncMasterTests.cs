using System.Globalization;
using System.Net;
using System.Net.Sockets;
using RocketOps.Broker.Replication.Frames;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Store.Contracts;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Replication;

/// <summary>What a SYNC_MASTER answers, by what its slaves do; the slave is a socket here.</summary>
public sealed class SyncMasterTests
{
    /// <summary>A slave that says something once only stays one, and nobody stops waiting for it but who is to.</summary>
    private const string Never = "86400000";

    [Fact]
    public async Task Send_SlaveAcknowledges_IsAnsweredThenAndNotBefore()
    {
        await using TestBroker master = await StartAsync();
        await master.CreateTopicAsync("T");
        await using FakeSlave slave = await FakeSlave.ConnectAsync(master);
        await slave.ReportAsync(0);
        await Eventually.TrueAsync(() => master.Host.Modules.Replication.Slaves.CountInSync() == 1, "the slave counts");

        Task<RemotingCommand> answer = master.InvokeAsync(Requests.Send("T", "one"));
        await slave.ReceiveAsync(1);

        answer.IsCompleted.Should().BeFalse("the slave has not said that it has it");
        await slave.ReportAsync(slave.Received);
        (await answer).Code.Should().Be(ResponseCode.Success);
    }

    [Fact]
    public async Task Send_ManyWait_OneAcknowledgementReleasesThem()
    {
        await using TestBroker master = await StartAsync();
        await master.CreateTopicAsync("T");
        await using FakeSlave slave = await FakeSlave.ConnectAsync(master);
        await slave.ReportAsync(0);
        await Eventually.TrueAsync(() => master.Host.Modules.Replication.Slaves.CountInSync() == 1, "the slave counts");

        List<Task<RemotingCommand>> answers = [.. Enumerable.Range(0, 50).Select(i => master.InvokeAsync(Requests.Send("T", $"m{i}")))];
        await Eventually.TrueAsync(() => master.Host.Modules.Host.Store.GetStats().MessagesAppended == 50, "all are stored");
        await slave.ReceiveAsync(master.Host.Modules.Host.Store.Positions.Appended.Value);
        await slave.ReportAsync(slave.Received);

        (await Task.WhenAll(answers)).Should().OnlyContain(static answer => answer.Code == ResponseCode.Success);
    }

    [Fact]
    public async Task Send_SlaveIsSilent_FlushSlaveTimeoutWithTheMessagesPlace()
    {
        await using TestBroker master = await StartAsync(("slaveTimeout", "200"));
        await master.CreateTopicAsync("T");
        await using FakeSlave slave = await FakeSlave.ConnectAsync(master);
        await slave.ReportAsync(0);
        await Eventually.TrueAsync(() => master.Host.Modules.Replication.Slaves.CountInSync() == 1, "the slave counts");

        RemotingCommand answer = await master.InvokeAsync(Requests.Send("T", "one"));

        answer.Code.Should().Be(ResponseCode.FlushSlaveTimeout, answer.Remark);
        answer.Get("queueOffset").Should().Be("0");
        answer.Get("msgId").Should().NotBeNullOrEmpty();
    }

    [Fact]
    public async Task Send_NoSlave_SlaveNotAvailableAtOnce()
    {
        await using TestBroker master = await StartAsync();
        await master.CreateTopicAsync("T");

        RemotingCommand answer = await master.InvokeAsync(Requests.Send("T", "one"));

        answer.Code.Should().Be(ResponseCode.SlaveNotAvailable, answer.Remark);
        answer.Get("queueOffset").Should().Be("0");
        (await BrokerGroup.ReadAsync(master, "T")).Should().Equal("one");
    }

    /// <summary>The consumer goes on behind it once it is answered: a failover must not take it then.</summary>
    [Fact]
    public async Task GiveBack_SlaveAcknowledges_IsAnsweredThenAndNotBefore()
    {
        await using TestBroker master = await StartAsync();
        long offset = await SendForNobodyAsync(master);
        await using FakeSlave slave = await FakeSlave.ConnectAsync(master);
        await slave.ReportAsync(0);
        await Eventually.TrueAsync(() => master.Host.Modules.Replication.Slaves.CountInSync() == 1, "the slave counts");

        Task<RemotingCommand> answer = GiveBackAsync(master, offset);
        await Eventually.TrueAsync(() => master.Host.Modules.Host.Store.GetStats().MessagesAppended == 2, "it is stored");
        await slave.ReceiveAsync(master.Host.Modules.Host.Store.Positions.Appended.Value);

        answer.IsCompleted.Should().BeFalse("the slave has not said that it has it");
        await slave.ReportAsync(slave.Received);
        (await answer).Code.Should().Be(ResponseCode.Success);
    }

    [Fact]
    public async Task GiveBack_SlaveIsSilent_IsRefused()
    {
        await using TestBroker master = await StartAsync(("slaveTimeout", "200"));
        long offset = await SendForNobodyAsync(master);
        await using FakeSlave slave = await FakeSlave.ConnectAsync(master);
        await slave.ReportAsync(0);
        await Eventually.TrueAsync(() => master.Host.Modules.Replication.Slaves.CountInSync() == 1, "the slave counts");

        RemotingCommand answer = await GiveBackAsync(master, offset);

        (answer.Code, answer.Remark).Should().Be((ResponseCode.SystemError, "FLUSH_SLAVE_TIMEOUT"), "a producer is told that it is stored so and so; a consumer is told yes or no");
    }

    /// <summary>It may last for days, and each attempt would be there twice.</summary>
    [Fact]
    public async Task GiveBack_NoSlave_IsTaken()
    {
        await using TestBroker master = await StartAsync();
        long offset = await SendForNobodyAsync(master);

        (await GiveBackAsync(master, offset)).Code.Should().Be(ResponseCode.Success);
    }

    [Fact]
    public async Task Send_NewTopicAndNoSlave_TheSlowWayAnswersTheSame()
    {
        await using TestBroker master = await StartAsync();

        (await master.InvokeAsync(Requests.Send("New", "one"))).Code.Should().Be(ResponseCode.SlaveNotAvailable);
    }

    [Fact]
    public async Task Send_WaitFalse_WaitsForNobody()
    {
        await using TestBroker master = await StartAsync();
        await master.CreateTopicAsync("T");

        (await master.InvokeAsync(Requests.Send("T", "one", properties: Requests.Properties(("WAIT", "false"))))).Code.Should().Be(ResponseCode.Success);
    }

    [Fact]
    public async Task Send_FewerThanMinInSyncReplicas_IsRefusedAndNotStored()
    {
        await using TestBroker master = await StartAsync(("minInSyncReplicas", "2"));
        await master.CreateTopicAsync("T");

        RemotingCommand answer = await master.InvokeAsync(Requests.Send("T", "one"));

        answer.Code.Should().Be(ResponseCode.SystemError);
        answer.Remark.Should().StartWith("in-sync replicas not enough").And.Contain("minInSyncReplicas");
        master.Host.Modules.Host.Store.GetStats().MessagesAppended.Should().Be(0);
    }

    [Fact]
    public async Task Send_AutoInSyncReplicasAndNobodyThere_WaitsForNobody()
    {
        await using TestBroker master = await StartAsync(("enableAutoInSyncReplicas", "true"));
        await master.CreateTopicAsync("T");

        (await master.InvokeAsync(Requests.Send("T", "one"))).Code.Should().Be(ResponseCode.Success);
    }

    [Fact]
    public async Task Send_ThreeReplicas_TheSlowerOfTwoSlavesDecides()
    {
        await using TestBroker master = await StartAsync(("inSyncReplicas", "3"));
        await master.CreateTopicAsync("T");
        await using FakeSlave fast = await FakeSlave.ConnectAsync(master);
        await using FakeSlave slow = await FakeSlave.ConnectAsync(master);
        await fast.ReportAsync(0);
        await slow.ReportAsync(0);
        await Eventually.TrueAsync(() => master.Host.Modules.Replication.Slaves.CountInSync() == 2, "both count");

        Task<RemotingCommand> answer = master.InvokeAsync(Requests.Send("T", "one"));
        await fast.ReceiveAsync(1);
        await fast.ReportAsync(fast.Received);
        await slow.ReceiveAsync(1);
        await Eventually.TrueAsync(() => master.Host.Modules.Replication.Slaves.Snapshot().Any(slave => slave.Acknowledged == fast.Received), "the fast one's word has come");

        answer.IsCompleted.Should().BeFalse();
        await slow.ReportAsync(slow.Received);
        (await answer).Code.Should().Be(ResponseCode.Success);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(long.MaxValue)]
    [InlineData(-1)]
    public async Task FirstReport_BehindTheEndOrNone_IsRefused(long beyond)
    {
        RecordedLog log = new();
        await using TestBroker master = await StartAsync(log, ("brokerRole", "ASYNC_MASTER"));
        await master.SendAsync("T", "one");
        await using FakeSlave slave = await FakeSlave.ConnectAsync(master);

        await slave.ReportAsync(beyond == 1 ? master.Host.Modules.Host.Store.Positions.Appended.Value + 1 : beyond);

        (await slave.IsClosedAsync()).Should().BeTrue();
        await Eventually.TrueAsync(() => log.Lines.Any(static line => line.Id == 3602 && line.Text.Contains("start it empty", StringComparison.Ordinal)), "the log says what to do");
    }

    [Fact]
    public async Task Report_OfWhatWasNotSent_IsRefusedAndReleasesNobody()
    {
        await using TestBroker master = await StartAsync(("minInSyncReplicas", "2"));
        await master.CreateTopicAsync("T");
        await using FakeSlave liar = await FakeSlave.ConnectAsync(master);
        await liar.ReportAsync(0);
        await Eventually.TrueAsync(() => master.Host.Modules.Replication.Slaves.CountInSync() == 1, "the slave counts");

        await liar.ReportAsync(1 << 20);

        (await liar.IsClosedAsync()).Should().BeTrue();
        await Eventually.TrueAsync(() => master.Host.Modules.Replication.Slaves.Count == 0, "it is gone");
        master.Host.Modules.Host.Store.Positions.Get(LogPosition.Replicated).Value.Should().Be(0);
    }

    [Fact]
    public async Task Connections_BeyondTheBound_AreClosed()
    {
        await using TestBroker master = await StartAsync(("maxHaConnections", "1"));
        await using FakeSlave first = await FakeSlave.ConnectAsync(master);
        await first.ReportAsync(0);
        await Eventually.TrueAsync(() => master.Host.Modules.Replication.Slaves.Count == 1, "the first is there");

        await using FakeSlave second = await FakeSlave.ConnectAsync(master);

        (await second.IsClosedAsync()).Should().BeTrue();
    }

    [Fact]
    public async Task AnyBytesFromASlave_TheMasterGoesOn()
    {
        await using TestBroker master = await StartAsync(("brokerRole", "ASYNC_MASTER"), ("haHousekeepingInterval", "2000"));
        await master.SendAsync("T", "one");
        Random random = new(7);
        for (int i = 0; i < 60; i++)
        {
            await using FakeSlave slave = await FakeSlave.ConnectAsync(master);
            byte[] bytes = new byte[random.Next(1, 5000)];
            random.NextBytes(bytes);
            await slave.SendAsync(bytes);
        }

        await master.SendAsync("T", "two");
        (await BrokerGroup.ReadAsync(master, "T")).Should().Equal("one", "two");
        await Eventually.TrueAsync(() => master.Host.Modules.Replication.Slaves.Count == 0, "none stays");
    }

    /// <summary>A message that waits for no slave, and the group that is to read it; returns its place in the log.</summary>
    private static async Task<long> SendForNobodyAsync(TestBroker master)
    {
        await master.CreateTopicAsync("T");
        await master.SubscribeAsync("g", "T");
        RemotingCommand sent = await master.SendAsync("T", "one", properties: Requests.Properties(("WAIT", "false")));
        return long.Parse(sent.GetRequired("msgId").AsSpan(16), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
    }

    private static Task<RemotingCommand> GiveBackAsync(TestBroker master, long offset) => master.InvokeAsync(
        Requests.SendBack("g", offset));

    private static Task<TestBroker> StartAsync(params (string Key, string Value)[] settings) => StartAsync(log: null, settings);

    private static Task<TestBroker> StartAsync(RecordedLog? log, params (string Key, string Value)[] settings)
    {
        Dictionary<string, string> values = new(StringComparer.Ordinal) { ["brokerRole"] = "SYNC_MASTER", ["slaveTimeout"] = Never, ["haHousekeepingInterval"] = Never };
        foreach ((string key, string value) in settings)
        {
            values[key] = value;
        }

        return TestBroker.StartAsync(values, loggers: log);
    }

    private sealed class FakeSlave(TcpClient client) : IAsyncDisposable
    {
        private readonly byte[] _buffer = new byte[1 << 20];

        public long Received { get; private set; }

        public static async Task<FakeSlave> ConnectAsync(TestBroker master)
        {
            TcpClient client = new();
            await client.ConnectAsync(IPAddress.Loopback, master.Host.Modules.Replication.Listener.Port);
            return new FakeSlave(client);
        }

        public async Task ReportAsync(long offset)
        {
            byte[] report = new byte[HaFrames.ReportBytes];
            HaFrames.WriteReport(report, offset);
            await SendAsync(report);
        }

        public async Task SendAsync(byte[] bytes)
        {
            try
            {
                await client.GetStream().WriteAsync(bytes);
            }
            catch (IOException)
            {
                // Refused already: that is for the test to find out.
            }
        }

        /// <summary>Takes frames until the log is here up to an offset.</summary>
        public async Task ReceiveAsync(long upTo)
        {
            while (Received < upTo)
            {
                await client.GetStream().ReadExactlyAsync(_buffer.AsMemory(0, HaFrames.HeaderBytes));
                (long offset, int bodyBytes) = HaFrames.ReadHeader(_buffer);
                offset.Should().Be(Received);
                bodyBytes.Should().BeInRange(0, 32_768);
                await client.GetStream().ReadExactlyAsync(_buffer.AsMemory(0, bodyBytes));
                Received += bodyBytes;
            }
        }

        public async Task<bool> IsClosedAsync()
        {
            using CancellationTokenSource patience = new(Eventually.DefaultDeadline);
            try
            {
                while (await client.GetStream().ReadAsync(_buffer, patience.Token) > 0)
                {
                    // What was sent before the refusal.
                }

                return true;
            }
            catch (IOException)
            {
                return true;
            }
        }

        public ValueTask DisposeAsync()
        {
            client.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
