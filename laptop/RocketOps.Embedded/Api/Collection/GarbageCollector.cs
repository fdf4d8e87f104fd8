using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Errors;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Resources;
using RocketOps.Embedded.Api.Store;
using RocketOps.Embedded.Api.Writing;
using RocketOps.Kubernetes.Dynamic;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Embedded.Api.Collection;

/// <summary>
/// Collection by ownerReferences, as kube-controller-manager's collector answers (reference: embedded-api.md §14): dependents whose owners are gone are
/// deleted, dead references beside living ones are dropped, foreground and orphan deletion are brought to their end.
/// </summary>
internal sealed class GarbageCollector(ObjectStore store, ResourceRegistry registry, ObjectWriter writer, CollectorWrites writes, TimeProvider time)
{
    public void LookAtEverything()
    {
        foreach (StoredObject stored in store.All())
        {
            LookAtDependent(stored);
            LookAtOwner(stored);
        }
    }

    public void Handle(StoreEvent change)
    {
        if (change.New is { } current)
        {
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
        foreach (StoredObject dependent in Dependents(gone.Uid))
        {
            LookAtDependent(dependent);
        }

        LookAtOwnersOf(gone);
    }

    /// <summary>A dependent that changed or went may be what a foreground deletion waits for.</summary>
    private void LookAtOwnersOf(StoredObject dependent)
    {
        foreach (OwnerReference owner in dependent.Owners)
        {
            if (Find(owner, dependent) is { } live)
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

        // Of an owner of a kind that this server does not know it cannot tell, so it does nothing.
        if (stored.Owners.Any(owner => Kind(owner) is null))
        {
            return;
        }

        OwnerReference[] dead = [.. stored.Owners.Where(owner => Find(owner, stored) is null)];
        foreach (OwnerReference owner in dead.Where(owner => IsElsewhere(owner, stored)))
        {
            TellWrongNamespace(owner, stored);
        }

        if (dead.Length > 0 && dead.Length < stored.Owners.Count)
        {
            DropReferences(resource, stored, [.. dead.Select(d => d.Uid)]);
        }
        else if (dead.Length > 0 && !stored.IsDeleting)
        {
            writes.Delete(resource, stored, "Background");
        }
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
                    writes.Delete(dependentResource, dependent, Dependents(dependent.Uid).Length > 0 ? "Foreground" : "Background");
                }

                blocked |= store.Get(dependent.Collection, dependent.Name) is { } left && left.Uid == dependent.Uid
                    && left.Owners.Any(o => o.Uid == stored.Uid && o.BlockOwnerDeletion == true);
            }

            if (!blocked)
            {
                writes.ReleaseFinalizer(resource, stored, ObjectDeleter.ForegroundFinalizer);
            }
        }
    }

    // The objects of a laptop are some thousand, and something with dependents is seldom deleted: nobody keeps an index of them.
    private StoredObject[] Dependents(string uid) => [.. store.All().Where(stored => stored.Owners.Any(owner => owner.Uid == uid))];

    private ResourceDefinition? Kind(OwnerReference owner) =>
        registry.FindKind(owner.ApiVersion.Contains('/', StringComparison.Ordinal) ? owner.ApiVersion.Split('/')[0] : string.Empty, owner.ApiVersion.Split('/')[^1], owner.Kind);

    /// <summary>The owner where its dependent may have one: in its namespace, or in none.</summary>
    private StoredObject? Find(OwnerReference owner, StoredObject dependent) =>
        Kind(owner) is { } resource
        && (!resource.Namespaced || dependent.Name.Namespace.Length > 0)
        && store.Get(resource.Collection, new ObjectName(resource.Namespaced ? dependent.Name.Namespace : string.Empty, owner.Name)) is { } live && live.Uid == owner.Uid
            ? live
            : null;

    private bool IsElsewhere(OwnerReference owner, StoredObject dependent) =>
        dependent.Name.Namespace.Length > 0 && Kind(owner) is { Namespaced: true } resource
        && store.Snapshot(resource.Collection).Objects.Values.Any(stored => stored.Uid == owner.Uid && stored.Name.Namespace != dependent.Name.Namespace);

    private void DropReferences(ResourceDefinition resource, StoredObject stored, IReadOnlyCollection<string?> uids) => writes.Update(resource, stored, obj =>
    {
        JsonObject metadata = obj.Metadata();
        metadata.SetItems("ownerReferences", metadata.Keep("ownerReferences", owner => owner is JsonObject reference && !uids.Contains(reference.Text("uid"))));
    });

    private void TellWrongNamespace(OwnerReference owner, StoredObject dependent)
    {
        ResourceDefinition events = registry.Find(string.Empty, "v1", "events")!;
        ResourceDefinition kind = registry.FindCollection(dependent.Collection)!;
        string now = JsonNodes.Timestamp(time.GetUtcNow());
        string ns = dependent.Name.Namespace;
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
            ["message"] = $"ownerRef [{owner.ApiVersion}/{owner.Kind}, namespace: {ns}, name: {owner.Name}, uid: {owner.Uid}] does not exist in namespace \"{ns}\"",
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

    private static bool SameOwners(StoredObject a, StoredObject b) => a.Owners.Select(o => o.Uid).SequenceEqual(b.Owners.Select(o => o.Uid), StringComparer.Ordinal);
}
