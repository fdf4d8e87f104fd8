namespace RocketOps.Testing.Time;

/// <summary>
/// The machine's clock, moved by a test: its time of day is set, or time passes for whatever measures it. Timers are real and
/// notice nothing, so loops need nobody to turn them and a jump ends no request. Thread-safe.
/// </summary>
public class MovedTime : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly DateTimeOffset _begin = System.GetUtcNow();
    private readonly long _beginStamp = System.GetTimestamp();
    private long _setTicks;
    private long _passed;
    private long? _heldAt;

    public override DateTimeOffset GetUtcNow() => (_begin + GetElapsedTime(_beginStamp)).AddTicks(Volatile.Read(ref _setTicks));

    public override long GetTimestamp()
    {
        lock (_lock)
        {
            return (_heldAt ?? base.GetTimestamp()) + _passed;
        }
    }

    /// <summary>Sets the time of day, as an administrator or NTP does; what is measured does not change.</summary>
    public void Set(TimeSpan by) => Interlocked.Add(ref _setTicks, by.Ticks);

    /// <summary>Lets so much time go by: the time of day and all that is measured.</summary>
    public void Pass(TimeSpan time)
    {
        lock (_lock)
        {
            _passed += (long)(time.TotalSeconds * TimestampFrequency);
        }
    }

    /// <summary>Until the result is disposed no time passes, however long the machine takes. Not to be nested.</summary>
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

    private sealed class Held(MovedTime time) : IDisposable
    {
        public void Dispose() => time.GoOn();
    }
}
