using RocketOps.Election.Leases;

namespace RocketOps.Election.Members;

/// <summary>A member's requests to the lease store: one at a time, given up after <see cref="LeaseTimings.RequestTimeout"/>. Not thread-safe.</summary>
internal sealed class LeaseRequests(IMemberHost host, LeaseTimings timings, TimeProvider time)
{
    /// <summary>Parts of a renewal's time, one of which is the pause after the first refusal; doubled with each further one.</summary>
    private const int PartsOfRenewal = 4;

    private long _lastId;
    private int _refusals;
    private long _refusedAt;
    private long _begunAt;
    private LeaseRequest? _open;

    public bool IsBusy => _open is { } open && time.GetElapsedTime(open.SentAt) < timings.RequestTimeout;

    /// <summary>Since the last one was sent.</summary>
    public TimeSpan Idle => _lastId == 0 ? TimeSpan.MaxValue : time.GetElapsedTime(_begunAt);

    /// <summary>
    /// The store has refused to be written, and is not to be asked for that again yet. A member without the right to its lease, as one whose cluster is being deleted, would ask for it with each tick until it is stopped.
    /// </summary>
    public bool IsRefused => _refusals > 0 && time.GetElapsedTime(_refusedAt) < Pause;

    private TimeSpan Pause => TimeSpan.FromTicks((long)Math.Min(timings.Duration.Ticks, timings.Renew.Ticks / PartsOfRenewal * Math.Pow(2, _refusals - 1)));

    public void Read() => host.ReadLease(Open(null, null).Id);

    /// <summary>A write that is not sent yet: whoever has to note something before does. It is a renewal of its own, after the one that <paramref name="record"/> has.</summary>
    public LeaseRequest Begin(LeaseRecord record, string? expectedVersion) => Open(record with { RenewTime = RenewTimeAfter(record.RenewTime) }, expectedVersion);

    /// <summary>A change of a lease that another member holds: it does not count as a renewal.</summary>
    public LeaseRequest BeginEdit(LeaseRecord record, string expectedVersion) => Open(record, expectedVersion);

    public void Send(LeaseRequest write) => host.WriteLease(write.Id, write.Record!, write.ExpectedVersion);

    /// <summary>The request that is answered; null when it was given up, and the answer is not to be relied on.</summary>
    public LeaseRequest? End(long id)
    {
        if (_open is not { } open || open.Id != id)
        {
            return null;
        }

        _open = null;
        return open;
    }

    /// <summary>The same of a write that has been done.</summary>
    public LeaseRequest? EndWritten(long id)
    {
        LeaseRequest? write = End(id);
        _refusals = write is null ? _refusals : 0;
        return write;
    }

    /// <summary>The same of one that the store has refused.</summary>
    public LeaseRequest? EndRefused(long id)
    {
        LeaseRequest? refused = End(id);
        if (refused is { Record: not null })
        {
            _refusals++;
            _refusedAt = time.GetTimestamp();
        }

        return refused;
    }

    /// <summary>Never the one before, also with a clock that was set back. Lease stores keep microseconds.</summary>
    private DateTimeOffset RenewTimeAfter(DateTimeOffset before)
    {
        DateTimeOffset now = time.GetUtcNow();
        now = new DateTimeOffset(now.Ticks - (now.Ticks % TimeSpan.TicksPerMicrosecond), TimeSpan.Zero);
        return now <= before ? before + TimeSpan.FromMicroseconds(1) : now;
    }

    private LeaseRequest Open(LeaseRecord? record, string? expectedVersion)
    {
        _begunAt = time.GetTimestamp();
        _open = new LeaseRequest(++_lastId, _begunAt, time.GetUtcNow(), record, expectedVersion);
        return _open;
    }
}
