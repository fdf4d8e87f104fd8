using RocketOps.Testing.Time;

namespace RocketOps.Election.Tests.Members;

/// <summary>A monotonic clock, and a wall clock that can be set.</summary>
internal sealed class SetClock : TimeProvider
{
    private readonly FakeTimeProvider _inner = new();
    private TimeSpan _shift;

    public override long TimestampFrequency => _inner.TimestampFrequency;

    public override long GetTimestamp() => _inner.GetTimestamp();

    public override DateTimeOffset GetUtcNow() => _inner.GetUtcNow() + _shift;

    public void Advance(TimeSpan time) => _inner.Advance(time);

    public void Set(TimeSpan by) => _shift += by;
}
