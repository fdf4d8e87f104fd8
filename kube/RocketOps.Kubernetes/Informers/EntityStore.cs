using RocketOps.Kubernetes.Entities;

namespace RocketOps.Kubernetes.Informers;

/// <summary>Objects by key and by index. One writer, many readers; answers are copies of the lists, not of the objects.</summary>
internal sealed class EntityStore<T>
    where T : class, IKubernetesObject
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ObjectKey, T> _objects = [];
    private readonly Dictionary<string, Index> _indexes = [];

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _objects.Count;
            }
        }
    }

    public void AddIndex(string name, Func<T, IEnumerable<string>> values)
    {
        lock (_lock)
        {
            Index index = new(values);
            foreach ((ObjectKey key, T? entity) in _objects)
            {
                index.Add(key, entity);
            }

            if (!_indexes.TryAdd(name, index))
            {
                throw new InvalidOperationException($"There is an index '{name}' of {typeof(T).Name} already.");
            }
        }
    }

    public T? Get(ObjectKey key)
    {
        lock (_lock)
        {
            return _objects.GetValueOrDefault(key);
        }
    }

    public IReadOnlyList<T> List(string? ns)
    {
        lock (_lock)
        {
            return ns is null ? [.. _objects.Values] : [.. _objects.Where(p => p.Key.Namespace == ns).Select(p => p.Value)];
        }
    }

    public IReadOnlyList<ObjectKey> Keys()
    {
        lock (_lock)
        {
            return [.. _objects.Keys];
        }
    }

    public IReadOnlyList<T> ByIndex(string name, string value)
    {
        lock (_lock)
        {
            Index index = _indexes.GetValueOrDefault(name) ?? throw new InvalidOperationException($"There is no index '{name}' of {typeof(T).Name}.");
            return [.. index.Find(value).Select(key => _objects[key])];
        }
    }

    /// <returns>The object before; null when it is new.</returns>
    public T? Set(ObjectKey key, T entity)
    {
        lock (_lock)
        {
            if (_objects.TryGetValue(key, out T? previous))
            {
                RemoveFromIndexes(key, previous);
            }

            _objects[key] = entity;
            foreach (Index index in _indexes.Values)
            {
                index.Add(key, entity);
            }

            return previous;
        }
    }

    /// <returns>The object before; null when there was none.</returns>
    public T? Remove(ObjectKey key)
    {
        lock (_lock)
        {
            if (_objects.Remove(key, out T? previous))
            {
                RemoveFromIndexes(key, previous);
            }

            return previous;
        }
    }

    private void RemoveFromIndexes(ObjectKey key, T entity)
    {
        foreach (Index index in _indexes.Values)
        {
            index.Remove(key, entity);
        }
    }

    private sealed class Index(Func<T, IEnumerable<string>> values)
    {
        private readonly Dictionary<string, HashSet<ObjectKey>> _keys = [];

        public HashSet<ObjectKey> Find(string value) => _keys.TryGetValue(value, out HashSet<ObjectKey>? keys) ? keys : [];

        public void Add(ObjectKey key, T entity)
        {
            foreach (string value in values(entity))
            {
                if (!_keys.TryGetValue(value, out HashSet<ObjectKey>? keys))
                {
                    _keys[value] = keys = [];
                }

                keys.Add(key);
            }
        }

        public void Remove(ObjectKey key, T entity)
        {
            foreach (string value in values(entity))
            {
                if (_keys.TryGetValue(value, out HashSet<ObjectKey>? keys) && keys.Remove(key) && keys.Count == 0)
                {
                    _keys.Remove(value);
                }
            }
        }
    }
}
