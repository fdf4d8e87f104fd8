namespace RocketOps.Client;

/// <summary>Result that a handler returns for a message.</summary>
public readonly record struct ConsumeResult
{
    private const int DelayByReconsumeTimes = 0;
    private const int DeadLetterLevel = -1;

    private ConsumeResult(bool isReturned, bool isAbandoned, int delayLevel)
    {
        IsReturned = isReturned;
        IsAbandoned = isAbandoned;
        DelayLevel = delayLevel;
    }

    /// <summary>Done; it will not come again.</summary>
    public static ConsumeResult Success => default;

    /// <summary>Deliver it again later (after 10 s, then ever longer), and to the dead-letter topic after too many times. When broadcasting it is dropped.</summary>
    public static ConsumeResult Later => new(isReturned: true, isAbandoned: false, DelayByReconsumeTimes);

    /// <summary>Put it into the group's dead-letter topic: it will never be handled. When broadcasting it is dropped.</summary>
    public static ConsumeResult DeadLetter => new(isReturned: true, isAbandoned: false, DeadLetterLevel);

    /// <summary>
    /// Result of a message whose handler is gone, or goes: the message stays unfinished here and comes again to the next reader of the
    /// queue.
    /// </summary>
    internal static ConsumeResult Abandoned => new(isReturned: false, isAbandoned: true, DelayByReconsumeTimes);

    /// <summary>True when the broker gets the message back.</summary>
    internal bool IsReturned { get; }

    internal bool IsAbandoned { get; }

    /// <summary>Delay level of the next delivery; 0 lets the broker choose by the number of deliveries, negative means the dead-letter topic.</summary>
    internal int DelayLevel { get; }

    /// <summary>
    /// Deliver it again after a delay level of the brokers (1–18: 1 s … 2 h unless they are configured otherwise). Throws <see cref="ArgumentOutOfRangeException"/> below 1.
    /// </summary>
    public static ConsumeResult LaterAt(int delayLevel)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(delayLevel, 1);
        return new ConsumeResult(isReturned: true, isAbandoned: false, delayLevel);
    }
}
