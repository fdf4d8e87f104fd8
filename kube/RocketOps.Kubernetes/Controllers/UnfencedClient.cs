using RocketOps.Kubernetes.Client;

namespace RocketOps.Kubernetes.Controllers;

/// <summary>The client of what does not go by leadership: the election itself, informers, and events, which tell of what was done while this process led.</summary>
/// <param name="Client">The client.</param>
/// <param name="IsOwned">It was made for this and ends with it.</param>
internal sealed record UnfencedClient(IKubernetesClient Client, bool IsOwned) : IDisposable
{
    public void Dispose()
    {
        if (IsOwned)
        {
            (Client as IDisposable)?.Dispose();
        }
    }
}
