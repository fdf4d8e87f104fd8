using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Broker.Failover;
using RocketOps.Election;
using RocketOps.Election.Leases;
using RocketOps.Election.Members;

namespace RocketOps.Broker.Tests.Failover.Kubernetes;

/// <summary>
/// A member of a group as a broker runs it, rules and calls to the lease store, with no messages: what it says to others of its group arrives at once. What happens to it is done when a test says so (<see cref="Pump"/>), on the
/// test's thread.
/// </summary>
internal sealed class LogLessMember : IMemberHost, IAsyncDisposable
{
    private readonly ConcurrentQueue<Action> _waiting = new();
    private readonly Dictionary<string, LogLessMember> _group;
    private readonly GroupOptions _options;
    private readonly GroupMember _member;
    private readonly LeaseCalls _calls;
    private LeaseRecord? _followed;
    private int _open;

    public LogLessMember(GroupOptions options, ILeaseStore leases, Dictionary<string, LogLessMember> group, TimeProvider time)
    {
        _options = options;
        _group = group;
        _group[options.Member] = this;
        _member = new GroupMember(options, new MemberState(string.Empty, "1", 0, 0), this, time);
        _calls = new LeaseCalls(leases, options.Lease, new Random(1), time, NullLogger.Instance);
    }

    public bool Leads => _member.LeadingEpoch is not null;

    public bool Follows => _followed is not null;

    public LeaseRecord? Lease => _member.Lease;

    /// <summary>The highest epoch it has asked for.</summary>
    public long Promised => _member.State.Promised;

    /// <summary>It waits for nothing that was asked of the store.</summary>
    public bool IsSettled => Volatile.Read(ref _open) == 0 && _waiting.IsEmpty;

    /// <summary>Of the last renewal that it has written, and of the last one that its watch has shown.</summary>
    public DateTimeOffset Written { get; private set; }

    public DateTimeOffset Shown { get; private set; }

    public LogEnd LogEnd => new(_followed?.Epoch ?? _member.LeadingEpoch ?? 0, 0);

    public long AppendedEnd => 0;

    public bool HasRoom => true;

    public TimeSpan MasterSilence => TimeSpan.MaxValue;

    public LogEnd Confirmed => default;

    public bool WaitsForDisk => false;

    private MemberCopy Copy => new(_options.Member, "1");

    public void Watch() => _calls.Watch(
        lease => _waiting.Enqueue(() =>
        {
            Shown = lease?.Record.RenewTime ?? Shown;
            _member.OnLeaseWatched(lease);
        }),
        () => _waiting.Enqueue(_member.OnLeaseMayHaveChanged));

    /// <summary>Time has passed; a follower that has everything says so.</summary>
    public void Tick()
    {
        _member.Tick();
        if (_followed is { } lease && _group.TryGetValue(lease.Holder, out LogLessMember? master))
        {
            master._member.OnAcknowledged(Copy, lease.Epoch, 0);
        }
    }

    public void Pump()
    {
        while (_waiting.TryDequeue(out Action? happened))
        {
            happened();
        }
    }

    public long EpochAt(long end) => 0;

    public string NewIncarnation() => throw new InvalidOperationException("a log that is empty lacks nothing");

    public void ReadLease(long request)
    {
        Interlocked.Increment(ref _open);
        _calls.Read(lease => Answer(() => _member.OnLeaseRead(request, lease)), () => Answer(() => _member.OnLeaseFailed(request)), () => Answer(() => _member.OnLeaseRefused(request)));
    }

    public void WriteLease(long request, LeaseRecord record, string? expectedVersion)
    {
        Interlocked.Increment(ref _open);
        _calls.Write(
            record,
            expectedVersion,
            version => Answer(() =>
            {
                Written = version is null ? Written : record.RenewTime;
                _member.OnLeaseWritten(request, version);
            }),
            () => Answer(() => _member.OnLeaseFailed(request)),
            () => Answer(() => _member.OnLeaseRefused(request)));
    }

    public void AskMembers(long round)
    {
        foreach (LogLessMember other in _group.Values.Where(other => other != this))
        {
            _waiting.Enqueue(() => _member.OnAnswer(round, other._member.Describe()));
        }
    }

    public void Persist(MemberState state)
    {
    }

    public void Lead(long epoch)
    {
        _followed = null;
        _waiting.Enqueue(() => _member.OnLeadBegun(epoch, 0));
    }

    public void Follow(LeaseRecord lease)
    {
        _followed = lease;
        _waiting.Enqueue(() =>
        {
            _member.OnJoined(lease.GroupId);
            _group[lease.Holder]._member.OnJoining(Copy, lease.Epoch);
        });
    }

    public void StandBy() => _followed = null;

    public void Confirm(long offset)
    {
    }

    public void PauseWrites()
    {
    }

    public void ResumeWrites()
    {
    }

    public void Report(MemberEvent happened, string text)
    {
    }

    public ValueTask DisposeAsync() => _calls.DisposeAsync();

    private void Answer(Action answer)
    {
        _waiting.Enqueue(answer);
        Interlocked.Decrement(ref _open);
    }
}
