using RocketOps.Replication.Members;

namespace RocketOps.Replication.Leases;

/// <summary>A member's requests to the lease store: one at a time, given up after <see cref="LeaseTimings.RequestTimeout"/>. Not thread-safe.</summary>
internal sealed class LeaseRequests(IMemberHost host, LeaseTimings timings, TimeProvider time)
{
    private long _lastId;
    private long _begunAt;
    private LeaseRequest? _open;

    public bool IsBusy => _open is { } open && time.GetElapsedTime(open.SentAt) < timings.RequestTimeout;

    /// <summary>Since the last one was sent.</summary>
    public TimeSpan Idle => _lastId == 0 ? TimeSpan.MaxValue : time.GetElapsedTime(_begunAt);

    public void Read() => host.ReadLease(Open(null, null).Id);

    /// <summary>A write that is not sent yet: whoever has to note something before does. It is a renewal of its own, after the one that <paramref name="record"/> has.</summary>
    public LeaseRequest Begin(LeaseRecord record, string? expectedVersion) => Open(record with { RenewTime = RenewTimeAfter(record.RenewTime) }, expectedVersion);

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
