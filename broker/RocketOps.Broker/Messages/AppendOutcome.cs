using RocketOps.Store;

namespace RocketOps.Broker.Messages;

/// <summary>What became of an appended message. <paramref name="Durability"/> counts only when <paramref name="Status"/> is Ok.</summary>
internal readonly record struct AppendOutcome(AppendStatus Status, AppendResult Result, WaitOutcome Durability)
{
    /// <summary>Stored and acknowledged as configured.</summary>
    public bool IsOk => Status == AppendStatus.Ok && Durability == WaitOutcome.Reached;

    /// <summary>In the log to stay, if not as safe as it was to be: what producers, too, take for sent.</summary>
    public bool IsStored => Status == AppendStatus.Ok && Durability is (WaitOutcome.Reached or WaitOutcome.TimedOut or WaitOutcome.SlaveTimedOut or WaitOutcome.NoSlave);
}
