using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Errors;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Resources;
using RocketOps.Embedded.Api.Store;
using RocketOps.Embedded.Api.Writing;
using RocketOps.Kubernetes.Dynamic;

namespace RocketOps.Embedded.Api.Collection;

/// <summary>
/// Collection by ownerReferences, as kube-controller-manager's collector answers (reference: embedded-api.md §14): dependents whose owners are gone are
/// deleted, dead references beside living ones are dropped, foreground and orphan deletion are brought to their end.
/// </summary>
internal sealed class GarbageCollector(ObjectStore store, ResourceRegistry registry, ObjectWriter writer, CollectorWrites writes, TimeProvider time)
{
    private readonly OwnerIndex _index = new();

    public void LookAtEverything()
    {
        IReadOnlyList<StoredObject> all = store.All();
        foreach (StoredObject stored in all)
        {
            _index.Put(stored);
        }

        foreach (StoredObject stored in all)
        {
            LookAtDependent(stored);
            LookAtOwner(stored);
        }
    }

    public void Handle(StoreEvent change)
    {
        if (change.New is { } current)
        {
            _index.Put(current);
            if (change.Old is null || !SameOwners(change.Old, current))
            {
                LookAtDependent(current);
            }

            LookAtOwner(current);
            if (change.Old is { } previous && !SameOwners(previous, current))
            {
                LookAtOwnersOf(previous);
            }

            return;
        }

        StoredObject gone = change.Old!;
        _index.Remove(gone);
        foreach (StoredObject dependent in Dependents(gone.Uid))
        {
            LookAtDependent(dependent);
        }

        LookAtOwnersOf(gone);
    }

    /// <summary>A dependent that changed or went may be what a foreground deletion waits for.</summary>
    private void LookAtOwnersOf(StoredObject dependent)
    {
        foreach (OwnerReference owner in OwnerReference.Of(dependent))
        {
            if (Find(owner, dependent.Name.Namespace) is { } live)
            {
                LookAtOwner(live);
            }
        }
    }

    private void LookAtDependent(StoredObject stale)
    {
        if (store.Get(stale.Collection, stale.Name) is not { } stored || stored.Uid != stale.Uid || registry.FindCollection(stored.Collection) is not { } resource)
        {
            return;
        }

        List<OwnerReference> dead = [];
        bool anyAlive = false;
        OwnerReference[] owners = [.. OwnerReference.Of(stored)];
        foreach (OwnerReference owner in owners)
        {
            switch (State(owner, stored))
            {
                case OwnerState.Unknown:
                    // A kind this server does not know: it cannot tell, so it does nothing.
                    return;
                case OwnerState.Alive:
                    anyAlive = true;
                    break;
                default:
                    dead.Add(owner);
                    break;
            }
        }

        if (owners.Length == 0 || dead.Count == 0)
        {
            return;
        }

        if (anyAlive)
        {
            DropReferences(resource, stored, [.. dead.Select(d => d.Uid)]);
        }
        else if (!stored.IsDeleting)
        {
            writes.Delete(resource, stored, "Background");
        }
    }

    private OwnerState State(OwnerReference owner, StoredObject dependent)
    {
        if (registry.FindKind(owner.Group, owner.Version, owner.Kind) is not { } resource)
        {
            return OwnerState.Unknown;
        }

        if (resource.Namespaced && dependent.Name.Namespace.Length == 0)
        {
            return OwnerState.Gone;
        }

        ObjectName name = new(resource.Namespaced ? dependent.Name.Namespace : string.Empty, owner.Name);
        if (store.Get(resource.Collection, name) is { } live && live.Uid == owner.Uid)
        {
            return OwnerState.Alive;
        }

        if (resource.Namespaced && _index.NamespaceOf(owner.Uid) is { } elsewhere && elsewhere != dependent.Name.Namespace)
        {
            TellWrongNamespace(owner, dependent);
        }

        return OwnerState.Gone;
    }

    /// <summary>Foreground and orphan deletion of an owner.</summary>
    private void LookAtOwner(StoredObject stale)
    {
        if (!stale.IsDeleting || store.Get(stale.Collection, stale.Name) is not { IsDeleting: true } stored || stored.Uid != stale.Uid
            || registry.FindCollection(stored.Collection) is not { } resource)
        {
            return;
        }

        HashSet<string?> finalizers = [.. stored.Metadata.Items("finalizers").Select(f => f.GetString())];
        if (finalizers.Contains(ObjectDeleter.OrphanFinalizer))
        {
            foreach (StoredObject dependent in Dependents(stored.Uid))
            {
                if (registry.FindCollection(dependent.Collection) is { } dependentResource)
                {
                    DropReferences(dependentResource, dependent, [stored.Uid]);
                }
            }

            writes.ReleaseFinalizer(resource, stored, ObjectDeleter.OrphanFinalizer);
        }
        else if (finalizers.Contains(ObjectDeleter.ForegroundFinalizer))
        {
            bool blocked = false;
            foreach (StoredObject dependent in Dependents(stored.Uid))
            {
                if (!dependent.IsDeleting && registry.FindCollection(dependent.Collection) is { } dependentResource)
                {
                    // Blocking dependents go foreground themselves, so that a whole tree goes bottom up.
                    writes.Delete(dependentResource, dependent, HasDependents(dependent) ? "Foreground" : "Background");
                }

                blocked |= store.Get(dependent.Collection, dependent.Name) is { } left && left.Uid == dependent.Uid
                    && OwnerReference.Of(left).Any(o => o.Uid == stored.Uid && o.BlockOwnerDeletion);
            }

            if (!blocked)
            {
                writes.ReleaseFinalizer(resource, stored, ObjectDeleter.ForegroundFinalizer);
            }
        }
    }

    private bool HasDependents(StoredObject stored) => Dependents(stored.Uid).Length > 0;

    private StoredObject[] Dependents(string uid) =>
        [.. _index.Dependents(uid).Select(d => store.Get(d.Collection, d.Name)).OfType<StoredObject>().Where(d => OwnerReference.Of(d).Any(o => o.Uid == uid))];

    private StoredObject? Find(OwnerReference owner, string ns) =>
        registry.FindKind(owner.Group, owner.Version, owner.Kind) is { } resource
        && store.Get(resource.Collection, new ObjectName(resource.Namespaced ? ns : string.Empty, owner.Name)) is { } live && live.Uid == owner.Uid
            ? live
            : null;

    private void DropReferences(ResourceDefinition resource, StoredObject stored, IReadOnlyCollection<string> uids) => writes.Update(resource, stored, obj =>
    {
        JsonObject metadata = obj.Metadata();
        JsonArray kept = metadata.Keep("ownerReferences", owner => owner is JsonObject reference && !uids.Contains(reference.Text("uid") ?? string.Empty));
        if (kept.Count == 0)
        {
            metadata.Remove("ownerReferences");
        }
        else
        {
            metadata["ownerReferences"] = kept;
        }
    });

    private void TellWrongNamespace(OwnerReference owner, StoredObject dependent)
    {
        ResourceDefinition events = registry.Find(string.Empty, "v1", "events")!;
        ResourceDefinition kind = registry.FindCollection(dependent.Collection)!;
        string now = RulesContext.Timestamp(time.GetUtcNow());
        string ns = dependent.Name.Namespace;
        string apiVersion = owner.Group.Length == 0 ? owner.Version : $"{owner.Group}/{owner.Version}";
        JsonObject body = new()
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Event",
            ["metadata"] = new JsonObject { ["generateName"] = dependent.Name.Name + "." },
            ["involvedObject"] = new JsonObject
            {
                ["apiVersion"] = kind.GroupVersion,
                ["kind"] = kind.Kind,
                ["name"] = dependent.Name.Name,
                ["namespace"] = ns,
                ["uid"] = dependent.Uid,
            },
            ["reason"] = "OwnerRefInvalidNamespace",
            ["message"] = $"ownerRef [{apiVersion}/{owner.Kind}, namespace: {ns}, name: {owner.Name}, uid: {owner.Uid}] does not exist in namespace \"{ns}\"",
            ["type"] = "Warning",
            ["source"] = new JsonObject { ["component"] = "garbage-collector-controller" },
            ["firstTimestamp"] = now,
            ["lastTimestamp"] = now,
            ["count"] = 1,
        };
        try
        {
            writer.Create(events, ns, body, CollectorWrites.Own);
        }
        catch (ApiErrorException e) when (e.Code is 403 or 404 or 409)
        {
            // The namespace goes as well: nobody will read it.
        }
    }

    private static bool SameOwners(StoredObject a, StoredObject b) =>
        OwnerReference.Of(a).Select(o => o.Uid).SequenceEqual(OwnerReference.Of(b).Select(o => o.Uid), StringComparer.Ordinal);
}

internal enum OwnerState
{
    Alive,
    Gone,

    /// <summary>Its kind is not served here.</summary>
    Unknown,
}
