using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Errors;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Resources;
using RocketOps.Embedded.Api.Schema;
using RocketOps.Embedded.Api.Store;

namespace RocketOps.Embedded.Api.Writing;

/// <summary>Fields of an object that a write may not change, whatever the client sends.</summary>
internal static class ServerFields
{
    /// <summary>Fields of metadata a client cannot set are those of the live object.</summary>
    public static void KeepMetadata(ResourceDefinition resource, ObjectName name, JsonObject old, JsonObject next, UpdateFlags flags)
    {
        JsonObject metadata = next.Metadata();
        JsonObject oldMetadata = old.Metadata();
        CheckName(name, metadata);
        CheckNamespace(resource, name.Namespace, metadata);
        string? uid = metadata.Text("uid");
        string? oldUid = oldMetadata.Text("uid");
        if (!string.IsNullOrEmpty(uid) && uid != oldUid)
        {
            if (flags.HasFlag(UpdateFlags.Patch))
            {
                throw Twice(resource, name, errors => errors.Invalid("metadata.uid", metadata["uid"], "field is immutable"));
            }

            throw ApiErrors.Conflict(
                resource, name.Name,
                $"StorageError: invalid object, Code: 4, Key: /registry/{resource.Group}/{resource.Plural}/{name}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: {uid}, UID in object meta: {oldUid}");
        }

        if (flags.HasFlag(UpdateFlags.Patch) && metadata.Text("deletionTimestamp") is { } deletion && deletion != oldMetadata.Text("deletionTimestamp"))
        {
            throw Twice(resource, name, errors => errors.Invalid("metadata.deletionTimestamp", metadata["deletionTimestamp"], "field is immutable"));
        }

        foreach (string field in (ReadOnlySpan<string>)["uid", "creationTimestamp", "generation", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "generateName"])
        {
            metadata.Take(field, oldMetadata);
        }

        if (oldMetadata.ContainsKey("deletionTimestamp"))
        {
            string[] added = [.. metadata.Texts("finalizers").Except(oldMetadata.Texts("finalizers"))];
            if (added.Length > 0)
            {
                string list = string.Join(", ", added.Select(f => JsonValue.Create(f).ToText()));
                throw Twice(resource, name, errors => errors.Forbidden(
                    "metadata.finalizers", $"no new finalizers can be added if the object is being deleted, found new finalizers []string{{{list}}}"));
            }
        }
    }

    /// <summary>A create or an apply of a new object writes no status where that has a path of its own.</summary>
    public static void DropStatus(ResourceDefinition resource, JsonObject obj)
    {
        if (resource.HasStatus)
        {
            obj.Remove("status");
        }
    }

    /// <summary>The main path never writes status, the status path writes nothing else.</summary>
    public static void KeepOtherHalf(ResourceDefinition resource, string subresource, JsonObject old, JsonObject next)
    {
        if (!resource.HasStatus || subresource == "scale")
        {
            return;
        }

        if (subresource.Length == 0)
        {
            next.Take("status", old);
            return;
        }

        TakeAll(next, old, name => name is not ("apiVersion" or "kind" or "metadata" or "status"));
        TakeAll(next.Metadata(), old.Metadata(), name => name is not ("managedFields" or "resourceVersion"));
    }

    /// <summary>The name in the body, if there is one, is that of the URL.</summary>
    public static void CheckName(ObjectName name, JsonObject metadata)
    {
        string given = metadata.Text("name") ?? string.Empty;
        if (given.Length == 0)
        {
            metadata["name"] = name.Name;
        }
        else if (given != name.Name)
        {
            throw ApiErrors.BadRequest($"the name of the object ({given}) does not match the name on the URL ({name.Name})");
        }
    }

    /// <summary>The namespace in the body, if there is one, is that of the URL.</summary>
    public static void CheckNamespace(ResourceDefinition resource, string ns, JsonObject metadata)
    {
        string given = metadata.Text("namespace") ?? string.Empty;
        if (!resource.Namespaced)
        {
            metadata.Remove("namespace");
        }
        else if (given.Length == 0)
        {
            metadata["namespace"] = ns;
        }
        else if (given != ns)
        {
            throw ApiErrors.BadRequest("the namespace of the provided object does not match the namespace sent on the request");
        }
    }

    /// <summary>Makes an error that the real server reports from two places.</summary>
    private static ApiErrorException Twice(ResourceDefinition resource, ObjectName name, Action<FieldErrors> report) =>
        ApiErrors.Invalid(resource.Group, resource.Kind, name.Name, report + report);

    private static void TakeAll(JsonObject target, JsonObject source, Func<string, bool> isTaken)
    {
        foreach (string name in JsonNodes.Names(target, source).Where(isTaken))
        {
            target.Take(name, source);
        }
    }
}
