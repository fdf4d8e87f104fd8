namespace RocketOps.Embedded.Kubelet.Probes;

/// <summary>Outcome of one probe; Message says what went wrong, as the event will show it.</summary>
internal readonly record struct ProbeResult(bool Succeeded, string Message)
{
    public static readonly ProbeResult Success = new(true, "");
}
