using RocketOps.Election.Leases;
using RocketOps.Election.Members;

namespace RocketOps.Election.Leadership;

/// <summary>
/// Work of a member while it is the master of one epoch: says what is confirmed, and decides who is in sync. Writes nothing itself. Not
/// thread-safe except for <see cref="Confirmed"/>, <see cref="TakesMessages"/> and <see cref="IsFollowed"/>.
/// </summary>
internal sealed class Mastership
{
    private readonly GroupOptions _options;
    private readonly GroupRules _rules;
    private readonly MemberCopy _self;
    private readonly IMemberHost _host;
    private readonly FollowerTable _followers;
    private readonly InSyncSet _inSync;
    private readonly Fence _copies;
    private readonly TimeProvider _time;
    private long _confirmed;
    private volatile bool _begun;
    private volatile bool _enoughInSync;
    private volatile bool _paused;

    /// <param name="context">This member's.</param>
    /// <param name="lease">As it was won.</param>
    /// <param name="former">The member whose lease ended without its help: nobody waits for it to come. Empty when there is none.</param>
    public Mastership(MemberContext context, VersionedLease lease, string former)
    {
        _options = context.Options;
        _rules = context.Rules;
        _self = context.Self;
        _host = context.Host;
        _time = context.Time;
        _copies = new Fence(_rules, _time);
        _followers = new FollowerTable(_rules, context.Time);
        _inSync = new InSyncSet(_rules, lease.Record.InSync);
        Lease = lease;
        EpochStart = long.MaxValue;
        foreach (MemberCopy copy in lease.Record.InSync.Where(copy => copy != _self && copy.Member != former))
        {
            _followers.Expect(copy, _host.LogEnd.Offset);
        }
    }

    public long Epoch => Lease.Record.Epoch;

    /// <summary>Lease as it was last seen or written.</summary>
    public VersionedLease Lease { get; private set; }

    /// <summary>Offset of the epoch's first byte; <see cref="long.MaxValue"/> before it has begun.</summary>
    public long EpochStart { get; private set; }

    /// <summary>The copies of the lease.</summary>
    public IReadOnlyList<MemberCopy> InSync => _inSync.Written;

    /// <summary>Offset before which every needed copy has everything. Only grows.</summary>
    public long Confirmed => Volatile.Read(ref _confirmed);

    public bool HasBegun => _begun;

    /// <summary>
    /// Confirmed log for the next write of the lease: no less than the one before, also while copies come back.
    /// </summary>
    public ConfirmedLog? ConfirmedSince
    {
        get
        {
            ConfirmedLog? before = Lease.Record.Confirmed;
            if (!_begun || Confirmed == 0)
            {
                return before;
            }

            ConfirmedLog now = new(before?.Since ?? Epoch, _host.EpochAt(Confirmed), Confirmed);
            return before is { } known && new LogEnd(known.Epoch, known.Offset) > new LogEnd(now.Epoch, now.Offset) ? before : now;
        }
    }

    /// <summary>Every copy in sync follows, or did a moment ago, and there are others: nobody leads instead, so this master may go on without its lease.</summary>
    public bool IsFollowed => _copies.IsOpen;

    /// <summary>
    /// True when, in sync mode, fewer copies than the minimum, this one among them, were known to have everything for as long as a lease
    /// lasts. Nothing is acknowledged then, and the others may be able to, unless the minimum needs every member.
    /// </summary>
    public bool IsCutOff => _options.Mode == ReplicationMode.Sync && _options.Members.Count > _options.MinInSync
        && _rules.MayGiveWay(CountWithin(_options.Lease.Duration), _options.MinInSync);

    /// <summary>A copy in sync does not follow: without a lease it may be that it leads, or that somebody else does.</summary>
    public bool IsLeft => OthersNeeded.Any(copy => _rules.FollowsFor(_options.Lease, _followers.LagOf(copy)) == TimeSpan.Zero);

    /// <summary>The epoch has begun, enough copies are in sync and no switchover is under way. Whether the lease still holds is asked of the <see cref="Fence"/>.</summary>
    public bool TakesMessages => _rules.MayTakeMessages(_begun) && _enoughInSync && !_paused;

    public bool IsMinimumMet => _options.Mode == ReplicationMode.Async || _rules.IsMinimumMet(_inSync.Written.Count, _options.MinInSync);

    /// <summary>A planned switchover stops the writes first.</summary>
    public bool IsPaused
    {
        get => _paused;
        set => _paused = value;
    }

    public void Begin(long epochStart)
    {
        EpochStart = epochStart;
        _begun = true;
        CheckFollowers();
    }

    /// <summary>The lease is given away: the word of copies counts no more.</summary>
    public void Close() => _copies.Close();

    public void OnSending(LeaseRequest write) => _inSync.OnSending(write);

    public void OnSeen(VersionedLease lease)
    {
        Lease = lease;
        _inSync.OnSeen(lease);
        UpdateConfirmed();
    }

    public void OnAcknowledged(MemberCopy copy, long offset)
    {
        _followers.Acknowledge(copy, offset, _host.LogEnd.Offset);
        UpdateConfirmed();
        UpdateFollowed();
    }

    public void OnJoining(MemberCopy copy)
    {
        _followers.BeginAnew(copy);
        UpdateFollowed();
    }

    public void OnGone(MemberCopy copy)
    {
        _followers.Forget(copy);
        CheckFollowers();
        UpdateFollowed();
    }

    public long AcknowledgedBy(MemberCopy copy) => _followers.AcknowledgedBy(copy);

    /// <summary>Checks the followers anew, as they fall behind with time.</summary>
    public void CheckFollowers()
    {
        int live = CountWithin(_options.MaxLag);
        _enoughInSync = _options.Mode == ReplicationMode.Async || _rules.IsMinimumMet(Math.Min(live, _inSync.Written.Count), _options.MinInSync);
        UpdateConfirmed();
    }

    /// <summary>The log has grown, a follower has more, or others are needed than before.</summary>
    public void UpdateConfirmed()
    {
        if (!_begun)
        {
            return;
        }

        IEnumerable<MemberCopy> needed = OthersNeeded.Concat(_followers.Copies.Where(IsJoining));
        long confirmed = _rules.Confirmed(_host.LogEnd.Offset, needed.Select(_followers.AcknowledgedBy));
        if (confirmed > _confirmed)
        {
            Volatile.Write(ref _confirmed, confirmed);
            _host.Confirm(confirmed);
        }
    }

    /// <summary>
    /// Finds the copies that should be in sync: those that are and do not lag, and those that came and have everything. None is taken out
    /// while too few keep up: nothing is acknowledged then, so each that was in sync still has everything, and may still lead.
    /// </summary>
    public IReadOnlyList<MemberCopy> FindInSync()
    {
        if (!_begun)
        {
            return _inSync.Written;
        }

        List<MemberCopy> wanted = [.. _inSync.Written];
        if (CountWithin(_options.MaxLag) >= _options.LeastInSync)
        {
            wanted.RemoveAll(copy => copy != _self && _followers.LagOf(copy) >= _options.MaxLag);
        }

        foreach (MemberCopy copy in _followers.Copies.Where(copy => MayJoin(copy) && !wanted.Contains(copy)))
        {
            // Another incarnation of a member takes the place of the one before: there is one store of each.
            wanted.RemoveAll(old => old.Member == copy.Member);
            wanted.Add(copy);
        }

        return wanted;
    }

    /// <summary>Copies in sync, this one among them, that had everything within that time.</summary>
    private int CountWithin(TimeSpan lag) => 1 + _inSync.Written.Count(copy => copy != _self && _followers.LagOf(copy) < lag);

    private IEnumerable<MemberCopy> OthersNeeded => _inSync.Needed.Where(copy => copy != _self);

    /// <summary>
    /// Opens or shuts the fence of the copies. Called with each word of a copy, and never without one: while this machine is suspended, no
    /// time passes by one of the clocks.
    /// </summary>
    private void UpdateFollowed()
    {
        MemberCopy[] others = [.. OthersNeeded];
        if (!_rules.MayServeWithoutLease(_options, others.Length) || others.Any(copy => _followers.AcknowledgedBy(copy) < 0))
        {
            _copies.Close();
            return;
        }

        _copies.Open(_time.GetTimestamp(), _time.GetUtcNow(), others.Min(copy => _rules.FollowsFor(_options.Lease, _followers.LagOf(copy))));
    }

    private bool MayJoin(MemberCopy copy) =>
        _followers.LagOf(copy) < _options.MaxLag && _rules.MayJoinInSync(_followers.AcknowledgedBy(copy), Confirmed, EpochStart);

    /// <summary>
    /// Acknowledgements wait for a copy from shortly before it is taken for in sync: under load, a follower would otherwise always lack what was confirmed a moment ago.
    /// </summary>
    private bool IsJoining(MemberCopy copy) =>
        !_inSync.Written.Contains(copy) && _followers.AcknowledgedBy(copy) >= EpochStart && _followers.LagOf(copy) < _options.Lease.Renew;
}
