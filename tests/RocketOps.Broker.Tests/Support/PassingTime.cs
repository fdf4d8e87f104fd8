namespace RocketOps.Broker.Tests.Support;

/// <summary>
/// The system's clock, with which time also passes when a test says so: what it says, and all that is measured by it, jumps. Timers go on as they do, so the loops of a broker need nobody to turn them. Thread-safe.
/// </summary>
internal sealed class PassingTime : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly DateTimeOffset _begin = System.GetUtcNow();
    private readonly long _beginStamp = System.GetTimestamp();
    private long _passed;
    private long? _heldAt;

    public override DateTimeOffset GetUtcNow() => _begin + GetElapsedTime(_beginStamp);

    public override long GetTimestamp()
    {
        lock (_lock)
        {
            return (_heldAt ?? base.GetTimestamp()) + _passed;
        }
    }

    public void Pass(TimeSpan time)
    {
        lock (_lock)
        {
            _passed += (long)(time.TotalSeconds * TimestampFrequency);
        }
    }

    /// <summary>Until the result is disposed no time passes, however long the machine takes; timers go on. Not to be nested.</summary>
    public IDisposable Hold()
    {
        lock (_lock)
        {
            _heldAt = base.GetTimestamp();
        }

        return new Held(this);
    }

    private void GoOn()
    {
        lock (_lock)
        {
            _passed -= base.GetTimestamp() - _heldAt ?? 0;
            _heldAt = null;
        }
    }

    private sealed class Held(PassingTime time) : IDisposable
    {
        public void Dispose() => time.GoOn();
    }
}
