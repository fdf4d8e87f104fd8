using System.Collections.Concurrent;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Operator.Tests.Support;

/// <summary>The objects that a player looks at and writes: a kind is read again when one of it may have changed. For one player at a time; forgotten from anywhere.</summary>
/// <param name="client">The API server.</param>
/// <param name="ns">Where to look; null for everywhere.</param>
/// <param name="pulse">Tells of changes; null to read each time.</param>
internal sealed class PlayedObjects(IKubernetesClient client, string? ns, Pulse? pulse)
{
    private readonly KubernetesTypes _types = new();
    private readonly ConcurrentDictionary<Type, (long Changes, object Items)> _known = [];

    public async Task<IReadOnlyList<T>> AllAsync<T>(CancellationToken cancellationToken)
        where T : class, IKubernetesObject
    {
        // Before they are read: what changes meanwhile is read next time.
        long changes = pulse?.Changes(_types.Get<T>().Plural) ?? 0;
        if (pulse is not null && _known.TryGetValue(typeof(T), out (long Changes, object Items) known) && known.Changes == changes)
        {
            return (IReadOnlyList<T>)known.Items;
        }

        IReadOnlyList<T> items = (await client.ListAsync<T>(new ListOptions { Namespace = ns }, cancellationToken)).Items;
        _known[typeof(T)] = (changes, items);
        return items;
    }

    /// <summary>One of them; null when there is none. It alone is read where nobody tells of changes.</summary>
    public async Task<T?> FindAsync<T>(string name, CancellationToken cancellationToken)
        where T : class, IKubernetesObject =>
        pulse is null ? await client.GetAsync<T>(name, ns, cancellationToken) : (await AllAsync<T>(cancellationToken)).FirstOrDefault(one => one.Name() == name);

    public Task CreateAsync<T>(T made, CancellationToken cancellationToken)
        where T : class, IKubernetesObject =>
        WriteAsync<T>(client.CreateAsync(made, cancellationToken: cancellationToken));

    public Task ReplaceAsync<T>(T changed, CancellationToken cancellationToken)
        where T : class, IKubernetesObject =>
        WriteAsync<T>(client.ReplaceAsync(changed, cancellationToken: cancellationToken));

    public Task ReplaceStatusAsync<T>(T changed, CancellationToken cancellationToken)
        where T : class, IKubernetesObject =>
        WriteAsync<T>(client.ReplaceStatusAsync(changed, cancellationToken: cancellationToken));

    public Task DeleteAsync<T>(T gone, DeleteOptions? options, CancellationToken cancellationToken)
        where T : class, IKubernetesObject =>
        WriteAsync<T>(client.DeleteAsync<T>(gone.Name(), gone.Namespace(), options, cancellationToken));

    /// <summary>Everything is read again.</summary>
    public void Forget() => _known.Clear();

    /// <summary>Who writes does not wait to be told of it.</summary>
    private async Task WriteAsync<T>(Task write)
    {
        try
        {
            await write;
        }
        finally
        {
            _known.TryRemove(typeof(T), out _);
        }
    }
}
