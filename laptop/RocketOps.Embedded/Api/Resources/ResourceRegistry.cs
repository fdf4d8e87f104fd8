using System.Collections.Immutable;

namespace RocketOps.Embedded.Api.Resources;

/// <summary>All served resources. Readers see one immutable table; CRDs replace it.</summary>
internal sealed class ResourceRegistry(IReadOnlyList<ResourceDefinition> builtins)
{
    private readonly Lock _gate = new();
    private volatile Table _table = new(
        builtins.ToImmutableDictionary(r => (r.Group, r.Version, r.Plural)), [.. builtins], 1);

    /// <summary>Resources in a stable order: built-ins as the catalog lists them, then custom ones in order of creation.</summary>
    public IReadOnlyList<ResourceDefinition> All => _table.Ordered;

    /// <summary>Grows with every change; discovery and OpenAPI are cached under it.</summary>
    public long Revision => _table.Revision;

    public ResourceDefinition? Find(string group, string version, string plural) => _table.ByPath.GetValueOrDefault((group, version, plural));

    public ResourceDefinition? FindKind(string group, string version, string kind) =>
        _table.Ordered.FirstOrDefault(r => r.Kind == kind && r.Group == group && r.Version == version);

    public bool HasGroup(string group) => _table.Ordered.Any(r => r.Group == group);

    public bool HasGroupVersion(string group, string version) => _table.Ordered.Any(r => r.Group == group && r.Version == version);

    /// <summary>The resource whose objects are kept in <paramref name="collection"/>; events are found in their core form.</summary>
    public ResourceDefinition? FindCollection(string collection) => _table.Ordered.FirstOrDefault(r => r.Collection == collection);

    public void Put(ResourceDefinition resource)
    {
        lock (_gate)
        {
            Table old = _table;
            (string, string, string) key = (resource.Group, resource.Version, resource.Plural);
            ImmutableArray<ResourceDefinition> ordered = old.ByPath.TryGetValue(key, out ResourceDefinition? existing)
                ? old.Ordered.Replace(existing, resource)
                : old.Ordered.Add(resource);
            _table = new Table(old.ByPath.SetItem(key, resource), ordered, old.Revision + 1);
        }
    }

    public void Remove(ResourceDefinition resource)
    {
        lock (_gate)
        {
            Table old = _table;
            _table = new Table(old.ByPath.Remove((resource.Group, resource.Version, resource.Plural)), old.Ordered.Remove(resource), old.Revision + 1);
        }
    }

    private sealed record Table(
        ImmutableDictionary<(string Group, string Version, string Plural), ResourceDefinition> ByPath,
        ImmutableArray<ResourceDefinition> Ordered,
        long Revision);
}
