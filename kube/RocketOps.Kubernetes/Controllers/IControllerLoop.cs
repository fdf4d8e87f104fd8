namespace RocketOps.Kubernetes.Controllers;

/// <summary>A controller as the runtime sees it, whatever its kind.</summary>
internal interface IControllerLoop
{
    string Kind { get; }

    /// <summary>Works until cancelled, then lets the passes under way end.</summary>
    Task RunAsync(CancellationToken cancellationToken);
}
