using System.Collections.Immutable;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Entities;

namespace RocketOps.Kubernetes.Informers;

/// <summary>
/// Objects of a kind that the server has and that do not fit their type here, and why. One writer, many readers: what is read is a snapshot.
/// </summary>
internal sealed class UnreadableEntities
{
    private readonly Lock _lock = new();
    private readonly List<Action<ObjectKey>> _handlers = [];
    private volatile ImmutableDictionary<ObjectKey, string> _reasons = ImmutableDictionary<ObjectKey, string>.Empty;

    public IReadOnlyDictionary<ObjectKey, string> Reasons => _reasons;

    /// <summary>Tells the keys of all, now, and then of each that changes. Handlers enqueue, nothing else.</summary>
    public IDisposable Subscribe(Action<ObjectKey> handler)
    {
        lock (_lock)
        {
            foreach (ObjectKey key in _reasons.Keys)
            {
                handler(key);
            }

            _handlers.Add(handler);
        }

        return new Subscription(this, handler);
    }

    /// <returns>Whether it is news that this one cannot be read, or why.</returns>
    public bool Add(UnreadableObject unreadable)
    {
        ObjectKey key = KeyOf(unreadable);
        if (_reasons.TryGetValue(key, out string? known) && known == unreadable.Reason)
        {
            return false;
        }

        _reasons = _reasons.SetItem(key, unreadable.Reason);
        return true;
    }

    /// <summary>It can be read again, or is gone.</summary>
    /// <returns>Whether it could not be read before.</returns>
    public bool Remove(ObjectKey key)
    {
        bool known = _reasons.ContainsKey(key);
        _reasons = _reasons.Remove(key);
        return known;
    }

    /// <summary>Tells that something has become of an object. Apart from the change: the one who hears it finds what took the object's place.</summary>
    public void Tell(ObjectKey key)
    {
        lock (_lock)
        {
            foreach (Action<ObjectKey> handler in _handlers)
            {
                handler(key);
            }
        }
    }

    public static ObjectKey KeyOf(UnreadableObject unreadable) => new(string.IsNullOrEmpty(unreadable.Namespace) ? null : unreadable.Namespace, unreadable.Name);

    private void Unsubscribe(Action<ObjectKey> handler)
    {
        lock (_lock)
        {
            _handlers.Remove(handler);
        }
    }

    private sealed class Subscription(UnreadableEntities entities, Action<ObjectKey> handler) : IDisposable
    {
        public void Dispose() => entities.Unsubscribe(handler);
    }
}
