using RocketOps.Election.Leases;
using RocketOps.Election.Members;

namespace RocketOps.Election.Elections;

/// <summary>Takes the lease in a new epoch, by a write that may win it although its answer is lost. The outcome of one at a time is open. Not thread-safe.</summary>
internal sealed class Acquisitions(PersistedState persisted, LeaseRequests requests)
{
    private Acquisition? _open;

    // What the last attempt was promised on top of, and whether the store has refused that attempt.
    private long _before;
    private bool _isRefused;

    /// <summary>The highest epoch in which a write of this member may come true. A promise whose write was refused binds nobody: that epoch is asked for again, and not the next one with each attempt.</summary>
    public long Promised => _isRefused ? Math.Max(_before, persisted.State.Seen) : persisted.State.Promised;

    /// <param name="record">In the epoch that is asked for.</param>
    /// <param name="expectedVersion">What it replaces; null when there is no lease.</param>
    /// <param name="by">What right.</param>
    /// <param name="former">Who held the lease and did not renew it; empty when nobody did.</param>
    /// <param name="lack">What this log lacks of what the lease says was confirmed (<see cref="Acquisition.Lack"/>).</param>
    public void Begin(LeaseRecord record, string? expectedVersion, Standing by, string former, string lack = "")
    {
        // Before it is sent: the write may come true at any time, also after this process has ended.
        long before = Promised;
        persisted.Promise(record.Epoch);
        (_before, _isRefused) = (before, false);
        LeaseRequest write = requests.Begin(record, expectedVersion);
        _open = new Acquisition(write, by, former, lack);
        requests.Send(write);
    }

    /// <summary>The attempt that has won, as that write came true; null when the write was for something else.</summary>
    public Acquisition? EndWritten(LeaseRequest write) => _open is { } open && ReferenceEquals(open.Write, write) ? End(open) : null;

    /// <summary>The attempt that has won, as the lease that was read is what it wrote although its answer was lost; null when it is another's.</summary>
    public Acquisition? EndRead(LeaseRecord lease) => _open is { } open && lease.IsSameRenewal(open.Write.Record!) ? End(open) : null;

    /// <summary>The store has refused that write: it never comes true.</summary>
    public void Refuse(LeaseRequest write)
    {
        if (_open is { } open && ReferenceEquals(open.Write, write))
        {
            _open = null;
            _isRefused = true;
        }
    }

    /// <summary>If what was sent comes true, this member does not lead by it.</summary>
    public void GiveUp() => _open = null;

    private Acquisition End(Acquisition won)
    {
        _open = null;
        return won;
    }
}
