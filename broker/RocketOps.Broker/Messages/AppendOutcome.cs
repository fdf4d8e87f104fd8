using RocketOps.Store;

namespace RocketOps.Broker.Messages;

/// <summary>What became of an appended message. <paramref name="Durability"/> counts only when <paramref name="Status"/> is Ok.</summary>
internal readonly record struct AppendOutcome(AppendStatus Status, AppendResult Result, WaitOutcome Durability)
{
    /// <summary>Stored and acknowledged as configured.</summary>
    public bool IsOk => Status == AppendStatus.Ok && Durability == WaitOutcome.Reached;
}
