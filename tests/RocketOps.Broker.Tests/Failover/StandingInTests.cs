using System.Net.Sockets;
using RocketOps.Broker.Failover;
using RocketOps.Broker.Replication;
using RocketOps.Election.Epochs;
using RocketOps.Election.Leases;
using RocketOps.Election.Members;

namespace RocketOps.Broker.Tests.Failover;

/// <summary>Who follows a master that is gone asks whether it is its turn to stand in, with each attempt until it is.</summary>
public sealed class StandingInTests
{
    private static readonly LeaseRecord Lease = new()
    {
        Holder = "a",
        HolderAddress = "127.0.0.1:1",
        Epoch = 7,
        RenewTime = DateTimeOffset.UnixEpoch,
        Duration = TimeSpan.FromSeconds(6),
        InSync = [new MemberCopy("a", "1"), new MemberCopy("b", "1")],
    };

    /// <summary>What it knows of the lease may be older than the master's end: then nobody's turn would ever come.</summary>
    [Fact]
    public async Task Join_NobodyListensAndItsTurnShowsLater_StandsInThenAndOnce()
    {
        GoneMaster host = new(turnComesAt: 3);
        GroupJoin join = new(Lease, host, TimeProvider.System);
        join.OnMasterServes();

        for (int attempt = 0; attempt < 5; attempt++)
        {
            await RefusedAsync(join);
        }

        host.Asked.Should().Be(3);
    }

    [Fact]
    public async Task Join_TheMasterServedAgainInBetween_StandsInOnceMore()
    {
        GoneMaster host = new(turnComesAt: 1);
        GroupJoin join = new(Lease, host, TimeProvider.System);
        join.OnMasterServes();
        await RefusedAsync(join);

        join.OnMasterServes();
        await RefusedAsync(join);

        host.Asked.Should().Be(2);
    }

    [Fact]
    public async Task Join_TheMasterHasNeverServed_NobodyStandsIn()
    {
        GoneMaster host = new(turnComesAt: 1);

        await RefusedAsync(new GroupJoin(Lease, host, TimeProvider.System));

        host.Asked.Should().Be(0, "at a start of the whole group the master is about to come");
    }

    private static async Task RefusedAsync(GroupJoin join) => await join.Awaiting(static asking => asking.JoinAsync(static (_, _) => Task.CompletedTask, CancellationToken.None)).Should().ThrowAsync<IOException>();

    private sealed class GoneMaster(int turnComesAt) : IJoinHost
    {
        public int Asked { get; private set; }

        public bool HasFailed => false;

        public bool HasRoom => true;

        public long SeenEpoch => Lease.Epoch;

        public Task<(MemberCopy Copy, string GroupId, LogEnd Confirmed)> IdentifyAsync(CancellationToken cancellationToken) => Task.FromResult((Lease.InSync[1], "group", default(LogEnd)));

        public Task<JoinAnswer> AskMasterAsync(string address, JoinRequest join, CancellationToken cancellationToken) =>
            throw new IOException("nobody listens", new SocketException((int)SocketError.ConnectionRefused));

        public Task<bool> TryStandInAsync(LeaseRecord gone, CancellationToken cancellationToken) => Task.FromResult(++Asked == turnComesAt);

        public Task TellLeavingAsync(string address, JoinRequest left, long ticket, CancellationToken cancellationToken) => throw NotAsked();

        public LogExtent TakeExtent() => throw NotAsked();

        public Task<JoinPlan> PlanAsync(LeaseRecord lease, LogExtent own, JoinAnswer master, CancellationToken cancellationToken) => throw NotAsked();

        public Task CutAsync(LeaseRecord lease, long at, long end) => throw NotAsked();

        public Task BeginLogAtAsync(long at) => throw NotAsked();

        public Task NoteJoinedAsync(EpochHistory epochs, string groupId, CancellationToken cancellationToken) => throw NotAsked();

        public void Follow(LeaseRecord lease, string haAddress) => throw NotAsked();

        public void TellNotLeft(LeaseRecord lease, string reason) => throw NotAsked();

        private static InvalidOperationException NotAsked() => new("the master never answered");
    }
}
