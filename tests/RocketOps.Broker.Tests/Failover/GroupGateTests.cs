using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Broker.Clients;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Handlers.Sending;
using RocketOps.Broker.Hosting.Modules;
using RocketOps.Broker.Messages;
using RocketOps.Broker.Replication.Master;
using RocketOps.Broker.Replies;
using RocketOps.Broker.Sending;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Store.Contracts;

namespace RocketOps.Broker.Tests.Failover;

/// <summary>What a member of a group that elects its master may tell its producers.</summary>
public sealed class GroupGateTests : IAsyncDisposable
{
    private static readonly PhysicalOffset End = new(100);

    private readonly MemoryDirectory _directory = new();
    private TestBroker? _broker;

    public async ValueTask DisposeAsync()
    {
        await (_broker?.DisposeAsync() ?? ValueTask.CompletedTask);
        _directory.Dispose();
    }

    [Theory]
    [InlineData(WaitOutcome.Reached, WaitOutcome.Reached, WaitOutcome.CutOff)]
    [InlineData(WaitOutcome.SlaveTimedOut, WaitOutcome.NotConfirmed, WaitOutcome.CutOff)]
    [InlineData(WaitOutcome.TimedOut, WaitOutcome.NotConfirmed, WaitOutcome.CutOff)]
    [InlineData(WaitOutcome.NotWritten, WaitOutcome.NotWritten, WaitOutcome.CutOff)]
    [InlineData(WaitOutcome.Failed, WaitOutcome.Failed, WaitOutcome.Failed)]
    public async Task Judge_AMemberThatLeadsNoMore_NeverSaysStored(WaitOutcome outcome, WaitOutcome leading, WaitOutcome deposed)
    {
        Leadership group = new() { Leads = true, Confirmed = 100 };
        ReplicaGate gate = await GateAsync(group);
        gate.Judge(ReplicaNeed.Replicated, End, outcome).Should().Be(leading);

        group.Leads = false;
        gate.Judge(ReplicaNeed.Replicated, End, outcome).Should().Be(deposed);
        gate.Judge(ReplicaNeed.None, End, outcome).Should().Be(deposed, "WAIT=false asks for no copies, but for a master");
        SendRefusals.CodeOf(WaitOutcome.CutOff).Should().Be(ResponseCode.ServiceNotAvailable, "on which all clients try again");
        SendRefusals.CodeOf(WaitOutcome.NotConfirmed).Should().Be(ResponseCode.ServiceNotAvailable, "as whoever leads next may lack it");
    }

    /// <summary>In async mode nobody is waited for, and the disk's time-out says what it always says.</summary>
    [Fact]
    public async Task Judge_TheDiskIsLateWhereNoCopyIsWaitedFor_SaysStored()
    {
        ReplicaGate gate = await GateAsync(new Leadership { Leads = true });

        gate.Judge(ReplicaNeed.None, End, WaitOutcome.TimedOut).Should().Be(WaitOutcome.TimedOut);
    }

    [Fact]
    public async Task MayAcknowledge_BehindWhatIsConfirmed_IsFalse()
    {
        ReplicaGate gate = await GateAsync(new Leadership { Leads = true, Confirmed = 99 });

        gate.MayAcknowledge(ReplicaNeed.Replicated, End).Should().BeFalse();
        gate.MayAcknowledge(ReplicaNeed.None, End).Should().BeTrue("in async mode nobody is waited for");
    }

    [Theory]
    [InlineData(true, true, false, (int)SendStatus.Stored)]
    [InlineData(true, false, true, (int)SendStatus.TooFewReplicas)]
    [InlineData(true, false, false, (int)SendStatus.NotLeading)]
    [InlineData(false, false, false, (int)SendStatus.NotLeading)]
    public async Task Refusal_OfEachState_SaysWhy(bool leads, bool takes, bool lacks, int status)
    {
        ReplicaGate gate = await GateAsync(new Leadership { Leads = leads, TakesMessages = takes, LacksCopies = lacks });

        ((int)gate.Refusal).Should().Be(status);
        gate.MayWrite.Should().Be(takes, "what a deposed master delivers by itself is cut off");
    }

    /// <summary>It led when the message was appended, and does not any more when the consumer is to be answered: what it has may be cut off, and the consumer must not go on behind it.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task GiveBack_AtAMemberThatLeadsNoMore_IsRefused(bool leads)
    {
        _broker = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["storePathRootDir"] = _directory.Path });
        RemotingCommand sent = await _broker.SendAsync("T", "one");
        await _broker.SubscribeAsync("g", "T");
        RemotingCommand request = Requests.SendBack(
            "g", long.Parse(sent.GetRequired("msgId").AsSpan(16), NumberStyles.HexNumber, CultureInfo.InvariantCulture));

        RemotingCommand? answer = await GiveBackAsync(_broker, request, new Leadership { Leads = leads, TakesMessages = true, IsSync = false });

        (answer!.Code, answer.Remark).Should().Be(leads ? (ResponseCode.Success, null) : (ResponseCode.SystemError, "SERVICE_NOT_AVAILABLE"));
    }

    /// <summary>By the handler of that broker, but for the group that it is a member of.</summary>
    private static async Task<RemotingCommand?> GiveBackAsync(TestBroker broker, RemotingCommand request, IGroupLeadership group)
    {
        BrokerModules modules = broker.Host.Modules;
        HostServices host = modules.Host;
        MessageAppender appender = new(host.Store, modules.Messages.Statistics, new ReplicaGate(host.Settings, host.Options<ReplicationOptions>(), modules.Replication.Slaves, group), host.Time);
        modules.Clients.Consumers.TryGet("g", out OnlineGroup? consumers).Should().BeTrue();
        return await new SendBackHandler(
            host.Settings,
            host.Role,
            modules.Topics.Topics,
            modules.Groups.Maker,
            host.Store,
            appender,
            host.Address,
            modules.Delays.Router,
            modules.Messages.Refusals,
            modules.Statistics.Statistics).HandleAsync(consumers!.Channels.Single().Connection, request, CancellationToken.None);
    }

    private async Task<ReplicaGate> GateAsync(IGroupLeadership group)
    {
        _broker = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["storePathRootDir"] = _directory.Path });
        BrokerSettings settings = _broker.Host.Modules.Host.Settings;
        CurrentOptions<ReplicationOptions> options = settings.Of<ReplicationOptions>();
        return new ReplicaGate(settings, options, new SlaveTable(settings, options, _broker.Host.Modules.Host.Store, NullLogger<SlaveTable>.Instance), group);
    }

    private sealed record Leadership : IGroupLeadership
    {
        public bool IsSync { get; init; } = true;

        public bool TakesMessages { get; init; }

        public bool Leads { get; set; }

        public bool LacksCopies { get; init; }

        public long Confirmed { get; init; }

        public bool MayAcknowledge(long offset) => Leads && offset <= Confirmed;
    }
}
