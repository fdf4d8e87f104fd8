using RocketOps.Store.Contracts;

namespace RocketOps.Broker.Messages;

/// <summary>Result of appending a message. <paramref name="Durability"/> counts only when <paramref name="Status"/> is Ok.</summary>
internal readonly record struct AppendOutcome(AppendStatus Status, AppendResult Result, WaitOutcome Durability)
{
    /// <summary>Stored and acknowledged as configured.</summary>
    public bool IsOk => Status == AppendStatus.Ok && Durability == WaitOutcome.Reached;

    /// <summary>
    /// True when the message is as safe as it can be made now, for a caller that goes on behind the message when it is told so. What a
    /// failover or a power cut may take because the disk or the slaves were late is not: that passes, and the message comes once more, by
    /// way of another copy. Where no slave is connected, which may last for days, the configuration has messages taken all the same
    /// (minInSyncReplicas): refused, each attempt would double them.
    /// </summary>
    public bool IsSafe => Status == AppendStatus.Ok && Durability is (WaitOutcome.Reached or WaitOutcome.NoSlave);

    /// <summary>True when the message is in the log to stay, if not as safe as it was to be: producers, too, take this for sent.</summary>
    public bool IsStored => Status == AppendStatus.Ok && SaysStored(Durability);

    /// <summary>True when the end of a wait says that what was waited for stays.</summary>
    public static bool SaysStored(WaitOutcome outcome) => outcome is WaitOutcome.Reached or WaitOutcome.TimedOut or WaitOutcome.SlaveTimedOut or WaitOutcome.NoSlave;
}
