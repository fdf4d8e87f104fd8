using System.Runtime.CompilerServices;
using RocketOps.Kubernetes.Entities;

namespace RocketOps.Kubernetes.Apply;

/// <summary>
/// Intents that live objects were found to meet already: while somebody wants the same of the same instance, nothing needs to be compared
/// again. An instance from a cache is never changed: who changes the object makes the cache hold another one. Forgotten with the instance.
/// Thread-safe.
/// </summary>
internal sealed class SettledIntents
{
    private readonly ConditionalWeakTable<IKubernetesObject, byte[]> _settled = [];

    /// <param name="live">The object as last seen.</param>
    /// <param name="intent">A digest of the whole intent.</param>
    public bool Contains(IKubernetesObject live, ReadOnlySpan<byte> intent) => _settled.TryGetValue(live, out byte[]? settled) && intent.SequenceEqual(settled);

    public void Add(IKubernetesObject live, byte[] intent) => _settled.AddOrUpdate(live, intent);
}
