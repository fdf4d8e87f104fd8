using RocketOps.Embedded.Api.Store;

namespace RocketOps.Embedded.Api.Collection;

/// <summary>Who names whom as owner, by uid. Used by one loop only.</summary>
internal sealed class OwnerIndex
{
    private readonly Dictionary<string, (string Collection, ObjectName Name, string[] Owners)> _objects = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<string>> _dependents = new(StringComparer.Ordinal);

    public void Put(StoredObject stored)
    {
        Remove(stored);
        string[] owners = [.. OwnerReference.Of(stored).Select(o => o.Uid)];
        _objects[stored.Uid] = (stored.Collection, stored.Name, owners);
        foreach (string owner in owners)
        {
            if (!_dependents.TryGetValue(owner, out HashSet<string>? uids))
            {
                uids = new HashSet<string>(StringComparer.Ordinal);
                _dependents.Add(owner, uids);
            }

            uids.Add(stored.Uid);
        }
    }

    public void Remove(StoredObject stored)
    {
        if (!_objects.Remove(stored.Uid, out (string Collection, ObjectName Name, string[] Owners) entry))
        {
            return;
        }

        foreach (string owner in entry.Owners)
        {
            if (_dependents.TryGetValue(owner, out HashSet<string>? uids) && uids.Remove(stored.Uid) && uids.Count == 0)
            {
                _dependents.Remove(owner);
            }
        }
    }

    public IReadOnlyList<(string Collection, ObjectName Name)> Dependents(string uid) =>
        _dependents.TryGetValue(uid, out HashSet<string>? uids) ? [.. uids.Select(u => (_objects[u].Collection, _objects[u].Name))] : [];

    public string? NamespaceOf(string uid) =>
        _objects.TryGetValue(uid, out (string Collection, ObjectName Name, string[] Owners) entry) ? entry.Name.Namespace : null;
}
