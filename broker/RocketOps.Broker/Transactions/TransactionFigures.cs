namespace RocketOps.Broker.Transactions;

/// <summary>Counts of what has become of open transactions since the start, whatever role this broker had when. Thread-safe.</summary>
internal sealed class TransactionFigures
{
    private long _asked;
    private long _givenUp;
    private long _passedOver;
    private long _gone;
    private long _withoutProducer;

    /// <summary>Questions that left for a producer.</summary>
    public long Asked => Volatile.Read(ref _asked);

    /// <summary>Halves that were moved to TRANS_CHECK_MAX_TIME_TOPIC.</summary>
    public long GivenUp => Volatile.Read(ref _givenUp);

    /// <summary>Halves that not even that topic takes.</summary>
    public long PassedOver => Volatile.Read(ref _passedOver);

    /// <summary>Halves that the log lost before anybody said how they end.</summary>
    public long Gone => Volatile.Read(ref _gone);

    /// <summary>Halves that were due in the last round, with no producer connected who could have been asked.</summary>
    public long WithoutProducer
    {
        get => Volatile.Read(ref _withoutProducer);
        set => Volatile.Write(ref _withoutProducer, value);
    }

    public void CountAsked() => Interlocked.Increment(ref _asked);

    public void CountGivenUp() => Interlocked.Increment(ref _givenUp);

    public void CountPassedOver() => Interlocked.Increment(ref _passedOver);

    public void CountGone(long halves) => Interlocked.Add(ref _gone, halves);
}
