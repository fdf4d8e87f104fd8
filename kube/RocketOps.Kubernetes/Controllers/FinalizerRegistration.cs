using RocketOps.Kubernetes.Entities;

namespace RocketOps.Kubernetes.Controllers;

/// <summary>A finalizer and the name it has in objects.</summary>
internal sealed record FinalizerRegistration<TEntity>(string Identifier, IEntityFinalizer<TEntity> Finalizer)
    where TEntity : class, IKubernetesObject
{
    private const int MaxNameLength = 63;

    public static void Check(string identifier)
    {
        ArgumentException.ThrowIfNullOrEmpty(identifier);
        int slash = identifier.IndexOf('/', StringComparison.Ordinal);
        if (slash <= 0 || identifier.Length - slash - 1 is < 1 or > MaxNameLength)
        {
            throw new ArgumentException($"'{identifier}' is not a finalizer of the form domain/purpose with at most {MaxNameLength} characters after the slash.", nameof(identifier));
        }
    }
}
