using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Errors;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Requests;
using RocketOps.Embedded.Api.Resources;
using RocketOps.Embedded.Api.Store;
using RocketOps.Kubernetes.Dynamic;

namespace RocketOps.Embedded.Api.Writing;

/// <summary>Deletes objects, or marks them when finalizers, a grace period or a propagation policy keep them (reference: embedded-api.md §14).</summary>
internal sealed class ObjectDeleter(ObjectStore store, TimeProvider time)
{
    public const string ForegroundFinalizer = "foregroundDeletion";

    public const string OrphanFinalizer = "orphan";

    /// <summary>Returns the object when it lingers or when its kind answers with it, otherwise null: then the answer is a Status.</summary>
    public (JsonElement? Lingering, StoredObject Deleted) Delete(ResourceDefinition resource, ObjectName name, DeleteOptions options)
    {
        while (true)
        {
            StoredObject live = store.Get(resource.Collection, name) ?? throw ApiErrors.NotFound(resource, name.Name);
            CheckPreconditions(resource, name, live, options);
            JsonObject next = live.ToNode();
            JsonObject metadata = next.Metadata();
            SetPolicyFinalizers(metadata, options.PropagationPolicy);
            long grace = resource.Rules.DeletionGraceSeconds(next, options.GracePeriodSeconds);
            bool first = !live.IsDeleting;
            if (first || grace < (metadata.Integer("deletionGracePeriodSeconds") ?? 0))
            {
                Mark(resource, next, metadata, grace, first);
            }

            bool isEnd = ObjectWriter.IsFinished(resource, next);
            if (!isEnd && !options.DryRun && JsonNodes.Same(next, live.ToNode()))
            {
                return (live.Json, live);
            }

            (bool written, StoredObject? stored) = options.DryRun ? (true, null) : store.Write(resource.Collection, name, live, isEnd ? null : next);
            if (written && (isEnd || options.DryRun))
            {
                next.Metadata()["resourceVersion"] = (stored ?? live).Metadata.Text("resourceVersion");
                return (resource is { Kind: "Pod", Group: "" } ? next.Freeze() : null, live);
            }

            if (written)
            {
                return (stored!.Json, live);
            }
        }
    }

    private void Mark(ResourceDefinition resource, JsonObject obj, JsonObject metadata, long grace, bool first)
    {
        metadata["deletionTimestamp"] = JsonNodes.Timestamp(time.GetUtcNow().AddSeconds(grace));
        bool isNamespace = resource is { Kind: "Namespace", Group: "" };
        if (isNamespace)
        {
            obj.EnsureChild("status")["phase"] = "Terminating";
        }
        else if (resource.Kind != "CustomResourceDefinition")
        {
            metadata["deletionGracePeriodSeconds"] = grace;
        }

        if (first && resource.Rules.HasGeneration && resource.Kind != "CustomResourceDefinition")
        {
            metadata["generation"] = (metadata.Integer("generation") ?? 0) + 1;
        }

        if (first && resource.Kind == "CustomResourceDefinition" && metadata.Items("finalizers") is not { Count: > 0 })
        {
            // Released when its objects are gone.
            metadata["finalizers"] = new JsonArray("customresourcecleanup.apiextensions.k8s.io");
        }
    }

    private static void SetPolicyFinalizers(JsonObject metadata, string? policy)
    {
        JsonArray kept = metadata.Keep("finalizers", name => policy is null || name.AsText() is not (ForegroundFinalizer or OrphanFinalizer));
        if (policy is "Foreground" or "Orphan")
        {
            kept.Append(JsonValue.Create(policy == "Foreground" ? ForegroundFinalizer : OrphanFinalizer));
        }

        metadata.SetItems("finalizers", kept);
    }

    private static void CheckPreconditions(ResourceDefinition resource, ObjectName name, StoredObject live, DeleteOptions options)
    {
        string? version = live.Metadata.Text("resourceVersion");
        string? mismatch = options switch
        {
            { Uid: { } uid } when uid != live.Uid => $"the UID in the precondition ({uid}) does not match the UID in record ({live.Uid}). The object might have been deleted and then recreated",
            { ResourceVersion: { } wanted } when wanted != version =>
                $"the ResourceVersion in the precondition ({wanted}) does not match the ResourceVersion in record ({version}). The object might have been modified",
            _ => null,
        };
        if (mismatch is not null)
        {
            throw ApiErrors.Precondition(resource, name.Name, mismatch);
        }
    }
}
