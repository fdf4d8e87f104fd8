using System.Collections.Immutable;

namespace RocketOps.Embedded.Api.Store;

/// <summary>All objects of one collection as of one version of the whole store.</summary>
internal sealed record CollectionSnapshot(long Version, ImmutableSortedDictionary<ObjectName, StoredObject> Objects);
