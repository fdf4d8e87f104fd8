using RocketOps.Kubernetes.Queues;

namespace RocketOps.Kubernetes.Controllers;

internal sealed record ControllerLoopOptions
{
    public required int Workers { get; init; }

    public required TimeSpan Resync { get; init; }

    public required TimeSpan ReconcileTimeout { get; init; }

    public required WorkQueueOptions Queue { get; init; }
}
