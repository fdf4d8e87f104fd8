namespace RocketOps.Faults.Tests.Wires;

/// <summary>What becomes of packets in one direction.</summary>
/// <param name="LossPercent">How many of a hundred are lost, by chance.</param>
/// <param name="DelayMillis">How much later the others come, at least.</param>
/// <param name="JitterMillis">By how much more, at most; those that come later than others are overtaken.</param>
internal sealed record WireFault(int LossPercent = 0, int DelayMillis = 0, int JitterMillis = 0)
{
    public static WireFault None { get; } = new();

    /// <summary>Nothing comes through, not even what is on its way.</summary>
    public static WireFault Cut { get; } = new(LossPercent: 100);

    public bool IsCut => LossPercent == 100;
}
