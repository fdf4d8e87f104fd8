namespace RocketOps.Broker.Failover;

/// <summary>Time for which something has been so without a break, as far as it was told. Thread-safe.</summary>
internal sealed class Lasting(TimeProvider time)
{
    private const long Never = long.MinValue;

    private long _since = Never;

    /// <summary>Tells whether it is so, and has been for that long.</summary>
    public bool HasLasted(TimeSpan patience) => Volatile.Read(ref _since) is not Never and var since && time.GetElapsedTime(since) >= patience;

    /// <summary>Told again and again whether it is so.</summary>
    public void Note(bool isSo)
    {
        if (!isSo)
        {
            Volatile.Write(ref _since, Never);
        }
        else if (Volatile.Read(ref _since) == Never)
        {
            Volatile.Write(ref _since, time.GetTimestamp());
        }
    }
}
