using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Broker.Failover;
using RocketOps.Broker.Failover.Leases;
using RocketOps.Broker.Replication;
using RocketOps.Broker.Tests.Support;
using RocketOps.Election.Leases;
using RocketOps.Election.Members;
using RocketOps.Protocol.Commands;
using RocketOps.Testing.Time;

namespace RocketOps.Broker.Tests.Failover;

/// <summary>What strangers, and a lease store that refuses, may make a member do.</summary>
public sealed class MemberKeyChecksTests : IAsyncDisposable
{
    private static readonly IPAddress Peer = IPAddress.Parse("192.0.2.1");
    private static readonly GroupOptions Options = new() { Member = "a", Members = ["a", "b", "c"] };

    private readonly CountedStore _store = new();
    private readonly FakeTimeProvider _time = new();
    private readonly RecordedLog _log = new();
    private readonly MemberKey _own = MemberKey.New();
    private readonly MemberKey _other = MemberKey.New();
    private readonly KeyedLeaseStore _leases;
    private readonly LeaseCalls _calls;
    private readonly MemberKeys _keys;
    private bool _isOwnLease = true;

    public MemberKeyChecksTests()
    {
        _leases = new KeyedLeaseStore(_store, "a", _own.Digest, Options.Members);
        _calls = new LeaseCalls(_leases, Options.Lease, new Random(1), _time, NullLogger.Instance);
        _keys = new MemberKeys(_leases, _calls, _own, Options, _ => _isOwnLease, new RefusedMembers(_time, _log), _time, _log, CancellationToken.None);
    }

    public ValueTask DisposeAsync() => _calls.DisposeAsync();

    [Fact]
    public async Task Check_OfManyWithAWrongKey_ReadsTheLeaseOnceInARenewal()
    {
        _store.Have("b", ("a", _own.Digest), ("b", _other.Digest));
        for (int i = 0; i < 200; i++)
        {
            await RefusedAsync("b", MemberKey.New().Text);
        }

        _store.Reads.Should().Be(1);
        await AllowedAsync("b", _other.Text);
        _store.Reads.Should().Be(1, "whose key is known needs no look");
        _time.Advance(Options.Lease.Renew);
        await RefusedAsync("b", null);

        _store.Reads.Should().Be(2);
        _log.Lines.Should().ContainSingle(static line => line.Id == 3682);
    }

    [Fact]
    public async Task Check_OfAKeyThatWasWrittenAMomentAgo_IsLetInAfterALook()
    {
        _store.Have("b", ("a", _own.Digest), ("b", MemberKey.New().Digest));
        await _leases.ReadAsync(CancellationToken.None);

        _store.Have("b", ("a", _own.Digest), ("b", _other.Digest));

        await AllowedAsync("b", _other.Text);
    }

    /// <summary>A member is scaled out, and this one's configuration does not list it yet.</summary>
    [Fact]
    public async Task Check_OfAMemberThatOnlyTheLeaseKnows_IsLetInWithItsKey()
    {
        _store.Have("b", ("d", _other.Digest));

        await AllowedAsync("d", _other.Text);
        await RefusedAsync("d", _own.Text);
        await RefusedAsync("e", null);
        await RefusedAsync("a", null, "this member itself does not ask itself");
        await AllowedAsync("c", null);
    }

    [Fact]
    public async Task Check_WhileTheStoreDoesNotAnswer_IsByWhatWasSeenLast()
    {
        _store.Have("b", ("b", _other.Digest));
        await _leases.ReadAsync(CancellationToken.None);
        _store.Throws = true;

        await AllowedAsync("b", _other.Text);
        await RefusedAsync("b", null);
        await AllowedAsync("c", null);
    }

    [Fact]
    public async Task Tick_WhenTheLeaseLacksItsKey_WritesItOnceAndRenewsNothing()
    {
        LeaseRecord before = _store.Have("b", ("b", _other.Digest));
        await _leases.ReadAsync(CancellationToken.None);

        await TickAsync();

        LeaseRecord after = _store.Lease!.Record;
        after.IsSameRenewal(before).Should().BeTrue("the holder has not renewed it");
        after.KeyDigests.Should().BeEquivalentTo(new Dictionary<string, string> { ["a"] = _own.Digest, ["b"] = _other.Digest });
        _store.Writes.Should().Be(1);
        _log.Lines.Should().ContainSingle(static line => line.Id == 3680);
        await TickAsync();
        _store.Writes.Should().Be(1, "it is there");
    }

    [Fact]
    public async Task Tick_WhenTheLeaseIsAnotherGroups_WritesNothingThere()
    {
        _isOwnLease = false;
        _store.Have("b", ("b", _other.Digest));
        await _leases.ReadAsync(CancellationToken.None);

        await TickAsync();
        await _keys.OnAnsweredAsync("b:1", RemotingCommand.CreateResponse(RemotingCommand.CreateRequest(GroupRequests.JoinMaster), ResponseCode.NoPermission, "no"));

        _store.Writes.Should().Be(0);
        _isOwnLease = true;
        _time.Advance(Options.Lease.Renew);
        await TickAsync();
        _store.Writes.Should().Be(1, "the lease has the group's name now");
    }

    [Fact]
    public async Task Tick_WhenItHoldsTheLeaseItself_LeavesItToTheRenewal()
    {
        _store.Have("a", ("b", _other.Digest));
        await _leases.ReadAsync(CancellationToken.None);

        await TickAsync();

        _store.Writes.Should().Be(0, "a write beside its own renewals would spoil them");
    }

    [Fact]
    public async Task Tick_WhileTheStoreRefuses_TriesOnceInARenewal()
    {
        _store.Have("b");
        await _leases.ReadAsync(CancellationToken.None);
        _store.RefusesWrites = true;

        for (int tick = 0; tick < 16; tick++)
        {
            await TickAsync();
            _time.Advance(Options.Lease.Renew / 8);
        }

        _store.Writes.Should().Be(2);
    }

    /// <summary>By a master of a version without keys, which renews the file without them.</summary>
    [Fact]
    public async Task Tick_WhenItsKeyIsTakenOutAgainAndAgain_WritesItOnceInAMinute()
    {
        for (int renewal = 0; renewal < 42; renewal++)
        {
            _store.Have("b");
            await _leases.ReadAsync(CancellationToken.None);
            await TickAsync();
            _time.Advance(Options.Lease.Renew);
        }

        _store.Writes.Should().Be(2, "of so many renewals in a minute and three seconds");
    }

    [Fact]
    public async Task Answer_ThatRefuses_IsToldOnceUntilAnotherComes()
    {
        _store.Have("b", ("a", _other.Digest));
        RemotingCommand refusal = RemotingCommand.CreateResponse(RemotingCommand.CreateRequest(GroupRequests.JoinMaster), ResponseCode.NoPermission, "no");
        RemotingCommand success = RemotingCommand.CreateResponse(RemotingCommand.CreateRequest(GroupRequests.JoinMaster), ResponseCode.Success);

        await _keys.OnAnsweredAsync("b:1", success);
        _store.Reads.Should().Be(0);
        for (int round = 0; round < 5; round++)
        {
            await _keys.OnAnsweredAsync("b:1", refusal);
            await _keys.OnAnsweredAsync("c:1", refusal);
        }

        _log.Lines.Where(static line => line.Id == 3681).Select(static line => line.Text[..3]).Should().Equal("b:1", "c:1");
        _store.Lease!.Record.KeyDigests["a"].Should().Be(_own.Digest, "it has made sure of that when it asks again");
        _store.Writes.Should().Be(1);
        await _keys.OnAnsweredAsync("b:1", success);
        await _keys.OnAnsweredAsync("b:1", refusal);
        _log.Lines.Count(static line => line.Id == 3681).Should().Be(3);
    }

    [Fact]
    public void Tell_OfManyPeersAndReasons_IsBounded()
    {
        RefusedMembers refused = new(_time, _log);
        for (int i = 0; i < 5_000; i++)
        {
            refused.Tell(new IPAddress(i % 1_000), $"reason {i % 3}");
        }

        _log.Lines.Count(static line => line.Id == 3682).Should().Be(RefusedMembers.MaxLines);
        _log.Lines.Should().ContainSingle(static line => line.Id == 3684);
        _time.Advance(TimeSpan.FromHours(1));
        refused.Tell(Peer, "reason");
        _log.Lines.Count(static line => line.Id == 3682).Should().Be(RefusedMembers.MaxLines + 1);
    }

    private async Task AllowedAsync(string member, string? key) => await _keys.Awaiting(keys => keys.CheckAsync(new MemberSender(member, key), Peer, CancellationToken.None)).Should().NotThrowAsync();

    private async Task RefusedAsync(string member, string? key, string because = "") =>
        (await _keys.Awaiting(keys => keys.CheckAsync(new MemberSender(member, key), Peer, CancellationToken.None)).Should().ThrowAsync<RemotingCommandException>(because)).Which.ResponseCode.Should().Be(ResponseCode.NoPermission);

    /// <summary>Returns when what it began has ended.</summary>
    private async Task TickAsync()
    {
        _keys.Tick();
        await _keys.Putting;
    }

    private sealed class CountedStore : ILeaseStore
    {
        private int _versions;
        private int _reads;
        private int _writes;

        public VersionedLease? Lease { get; private set; }

        public bool Throws { get; set; }

        public bool RefusesWrites { get; set; }

        public int Reads => _reads;

        public int Writes => _writes;

        public LeaseRecord Have(string holder, params (string Member, string Digest)[] keys)
        {
            LeaseRecord record = new()
            {
                Holder = holder,
                Epoch = 1,
                RenewTime = new DateTimeOffset(2026, 11, 26, 1, 2, 3, TimeSpan.Zero),
                Duration = TimeSpan.FromSeconds(6),
                InSync = [],
                KeyDigests = keys.ToDictionary(static key => key.Member, static key => key.Digest, StringComparer.Ordinal),
            };
            Lease = new VersionedLease(record, $"{++_versions}");
            return record;
        }

        public Task<VersionedLease?> ReadAsync(CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _reads);
            return Throws ? throw new LeaseStoreException("away") : Task.FromResult(Lease);
        }

        public Task<string?> TryWriteAsync(LeaseRecord record, string? expectedVersion, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _writes);
            if (RefusesWrites || Throws)
            {
                throw new LeaseStoreException("no right");
            }

            Lease = Lease?.Version == expectedVersion ? new VersionedLease(record, $"{++_versions}") : Lease;
            return Task.FromResult(Lease?.Record == record ? Lease.Version : null);
        }

        public Task WatchAsync(string? seenVersion, TimeSpan patience, Action<VersionedLease?> seen, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
