namespace RocketOps.Faults.Tests.Wires;

/// <summary>One direction between two ends of the wire.</summary>
internal sealed class WireLink(TunDevice to)
{
    private volatile WireFault _fault = WireFault.None;

    public TunDevice To { get; } = to;

    public WireFault Fault
    {
        get => _fault;
        set => _fault = value;
    }
}
