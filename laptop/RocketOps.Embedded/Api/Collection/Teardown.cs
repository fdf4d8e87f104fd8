using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Resources;
using RocketOps.Embedded.Api.Store;

namespace RocketOps.Embedded.Api.Collection;

/// <summary>Empties terminating namespaces and deleted CRDs, then lets them go.</summary>
internal sealed class Teardown(ObjectStore store, ResourceRegistry registry, CollectorWrites writes)
{
    private const string Namespaces = "/namespaces";
    private const string Crds = "apiextensions.k8s.io/customresourcedefinitions";
    private const string CrdFinalizer = "customresourcecleanup.apiextensions.k8s.io";

    public void LookAtEverything(bool namespaces)
    {
        foreach (StoredObject stored in store.Snapshot(Crds).Objects.Values.Concat(namespaces ? store.Snapshot(Namespaces).Objects.Values : []))
        {
            Look(stored);
        }
    }

    public void Handle(StoreEvent change, bool namespaces)
    {
        if (change.New is { IsDeleting: true } marked && (marked.Collection == Crds || (namespaces && marked.Collection == Namespaces)))
        {
            Look(marked);
            return;
        }

        if (change.New is not null)
        {
            return;
        }

        // Something is gone: perhaps the last one a namespace or a CRD waited for.
        StoredObject gone = change.Old!;
        if (namespaces && gone.Name.Namespace.Length > 0 && store.Get(Namespaces, new ObjectName(string.Empty, gone.Name.Namespace)) is { IsDeleting: true } ns)
        {
            Look(ns);
        }

        if (registry.FindCollection(gone.Collection) is { IsCustom: true } resource
            && store.Get(Crds, new ObjectName(string.Empty, resource.QualifiedPlural)) is { IsDeleting: true } crd)
        {
            Look(crd);
        }
    }

    private void Look(StoredObject stored)
    {
        if (!stored.IsDeleting)
        {
            return;
        }

        if (stored.Collection == Namespaces)
        {
            if (Empty(resource => resource.Namespaced, stored.Name.Name))
            {
                writes.Update(registry.FindCollection(Namespaces)!, stored, obj => obj.EnsureChild("spec")["finalizers"] = new JsonArray());
            }

            return;
        }

        ResourceDefinition? custom = registry.All.FirstOrDefault(r => r.IsCustom && r.QualifiedPlural == stored.Name.Name);
        if (custom is null || Empty(resource => ReferenceEquals(resource, custom), null))
        {
            writes.ReleaseFinalizer(registry.FindCollection(Crds)!, stored, CrdFinalizer);
            if (custom is not null && store.Get(Crds, stored.Name) is null)
            {
                registry.Remove(custom);
            }
        }
    }

    /// <summary>Deletes what is there.</summary>
    /// <returns>Whether nothing is left.</returns>
    private bool Empty(Func<ResourceDefinition, bool> which, string? ns)
    {
        bool empty = true;
        foreach (ResourceDefinition resource in registry.All.Where(which).DistinctBy(r => r.Collection))
        {
            foreach (StoredObject stored in store.Snapshot(resource.Collection).Objects.Values.Where(stored => ns is null || stored.Name.Namespace == ns))
            {
                if (!stored.IsDeleting)
                {
                    writes.Delete(resource, stored, "Background");
                }

                empty &= store.Get(resource.Collection, stored.Name) is null;
            }
        }

        return empty;
    }
}
