using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Errors;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Requests;
using RocketOps.Embedded.Api.Resources;
using RocketOps.Embedded.Api.Schema;

namespace RocketOps.Embedded.Api.Writing;

/// <summary>
/// Turns what a client sent into an object of its kind: kind and version checked, unknown fields reported and pruned, nulls resolved, defaults filled
/// (reference: embedded-api.md §10.1, in that order).
/// </summary>
internal static class ObjectDecoder
{
    /// <summary>A whole object from the body of a POST or PUT.</summary>
    public static void Decode(JsonObject body, ResourceDefinition resource, IReadOnlyCollection<string> duplicates, WriteOptions options, bool isCreate)
    {
        CheckType(body, resource, isCreate);
        string[] strict = Strange(body, resource, duplicates, options);
        if (strict.Length > 0 && options.FieldValidation is FieldValidation.Strict)
        {
            throw ApiErrors.BadRequest(CannotHandle(resource, "strict decoding error: " + string.Join(", ", strict)));
        }

        Normalize(body, resource, dropNulls: true);
    }

    /// <summary>
    /// The result of a patch: the same treatment, with the real server's different words for strict validation, which show the whole object unless
    /// <paramref name="shown"/> says what.
    /// </summary>
    public static void DecodePatched(JsonObject patched, ResourceDefinition resource, WriteOptions options, string? shown = null)
    {
        CheckType(patched, resource, isCreate: false);
        shown ??= options.FieldValidation is FieldValidation.Strict ? patched.ToText() : string.Empty;
        string[] strict = Strange(patched, resource, [], options);
        if (strict.Length > 0 && options.FieldValidation is FieldValidation.Strict)
        {
            // The real server names neither kind nor object here.
            throw ApiErrors.Invalid(string.Empty, string.Empty, string.Empty, errors => errors.InvalidText("patch", shown, "strict decoding error: " + string.Join(", ", strict)));
        }

        Normalize(patched, resource, dropNulls: true);
    }

    /// <summary>The result of an apply: unknown fields were refused before; nulls stay and are judged by validation.</summary>
    public static void DecodeApplied(JsonObject applied, ResourceDefinition resource)
    {
        UnknownFields.Prune(applied, resource.Schema, null);
        Normalize(applied, resource, dropNulls: !resource.IsCustom);
    }

    /// <summary>Prunes what the schema does not know and tells of it, and of keys that came twice; the options say whether that is a warning.</summary>
    private static string[] Strange(JsonObject obj, ResourceDefinition resource, IEnumerable<string> duplicates, WriteOptions options)
    {
        List<string> unknown = [];
        UnknownFields.Prune(obj, resource.Schema, unknown);
        string[] strange = [.. unknown.Select(f => $"unknown field \"{f}\""), .. duplicates.Select(f => $"duplicate field \"{f}\"")];
        if (options.FieldValidation is FieldValidation.Warn)
        {
            options.Warnings.AddRange(strange);
        }

        return strange;
    }

    private static void Normalize(JsonObject obj, ResourceDefinition resource, bool dropNulls)
    {
        DropEmptyMetadata(obj);
        if (dropNulls)
        {
            Defaults.DropNulls(obj, resource.Schema);
        }

        if (resource.IsCustom)
        {
            Defaults.Apply(obj, resource.Schema);
        }
        else
        {
            GoTypes.Check(obj, resource);
        }

        resource.Rules.ApplyDefaults(obj);
    }

    /// <summary>Empty collections of ObjectMeta are never stored.</summary>
    private static void DropEmptyMetadata(JsonObject obj)
    {
        JsonObject metadata = obj.Metadata();
        foreach (string name in (ReadOnlySpan<string>)["labels", "annotations", "ownerReferences", "finalizers"])
        {
            metadata.DropEmpty(name);
        }
    }

    private static void CheckType(JsonObject body, ResourceDefinition resource, bool isCreate)
    {
        string kind = body.Text("kind") ?? string.Empty;
        string apiVersion = body.Text("apiVersion") ?? string.Empty;
        if (kind.Length == 0 && resource.IsCustom)
        {
            throw ApiErrors.BadRequest(
                $"the object provided is unrecognized (must be of type {resource.Kind}): Object 'Kind' is missing in '{body.ToText()}'");
        }

        if (apiVersion.Length > 0 && apiVersion != resource.GroupVersion)
        {
            throw ApiErrors.BadRequest(
                $"the API version in the data ({apiVersion}) does not match the expected API version ({resource.GroupVersion})");
        }

        if (kind.Length > 0 && kind != resource.Kind)
        {
            if (!resource.IsCustom || !isCreate)
            {
                throw ApiErrors.BadRequest($"{kind} in version \"{resource.Version}\" cannot be handled as a {resource.Kind}: no kind \"{kind}\" is registered for version \"{resource.GroupVersion}\"");
            }

            throw ApiErrors.WrongKind(resource, kind, body.Child("metadata")?.Text("name") ?? string.Empty);
        }

        // Typed bodies may leave both out; what is stored never does.
        body["apiVersion"] = resource.GroupVersion;
        body["kind"] = resource.Kind;
        if (body["metadata"] is not JsonObject)
        {
            body["metadata"] = new JsonObject();
        }
    }

    internal static string CannotHandle(ResourceDefinition resource, string why) =>
        $"{resource.Kind} in version \"{resource.Version}\" cannot be handled as a {resource.Kind}: {why}";
}
