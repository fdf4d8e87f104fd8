using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Resources;
using RocketOps.Embedded.Api.Schema;

namespace RocketOps.Embedded.Api.Errors;

/// <summary>Every refusal of the API in one table; texts are kube-apiserver's (reference: embedded-api.md §5).</summary>
internal static class ApiErrors
{
    public static ApiErrorException NotFound(ResourceDefinition resource, string name) =>
        new(404, "NotFound", $"{resource.QualifiedPlural} \"{name}\" not found", Details(name, resource.Group, resource.Plural));

    public static ApiErrorException NamespaceNotFound(string name) =>
        new(404, "NotFound", $"namespaces \"{name}\" not found", Details(name, string.Empty, "namespaces"));

    public static ApiErrorException ResourceUnknown() =>
        new(404, "NotFound", "the server could not find the requested resource", []);

    public static ApiErrorException AlreadyExists(ResourceDefinition resource, string name) =>
        new(409, "AlreadyExists", $"{resource.QualifiedPlural} \"{name}\" already exists", Details(name, resource.Group, resource.Plural));

    public static ApiErrorException Conflict(ResourceDefinition resource, string name) => Conflict(
        resource, name, "the object has been modified; please apply your changes to the latest version and try again");

    public static ApiErrorException Conflict(ResourceDefinition resource, string name, string why) =>
        new(409, "Conflict", $"Operation cannot be fulfilled on {resource.QualifiedPlural} \"{name}\": {why}", Details(name, resource.Group, resource.Plural));

    /// <summary>Failed preconditions name the Kind where other conflicts name the plural.</summary>
    public static ApiErrorException Precondition(ResourceDefinition resource, string name, string why) => new(
        409, "Conflict", $"Operation cannot be fulfilled on {resource.QualifiedKind} \"{name}\": {why}", Details(name, resource.Group, resource.Kind));

    public static ApiErrorException BadRequest(string message) => new(400, "BadRequest", message);

    public static ApiErrorException Unauthorized() => new(401, "Unauthorized", "Unauthorized");

    public static ApiErrorException Internal(string message) => new(500, null, message);

    public static ApiErrorException NamespaceTerminating(ResourceDefinition resource, string name, string ns)
    {
        JsonObject details = Details(name, resource.Group, resource.Plural);
        details["causes"] = new JsonArray(new JsonObject
        {
            ["reason"] = "NamespaceTerminating",
            ["message"] = $"namespace {ns} is being terminated",
            ["field"] = "metadata.namespace",
        });
        return new ApiErrorException(
            403, "Forbidden",
            $"{resource.QualifiedPlural} \"{name}\" is forbidden: unable to create new content in namespace {ns} because it is being terminated", details);
    }

    /// <summary>Several causes, or one that <paramref name="report"/> tells.</summary>
    public static ApiErrorException Invalid(string group, string kind, string name, Action<FieldErrors> report)
    {
        FieldErrors errors = new();
        report(errors);
        return Invalid(group, kind, name, errors.Causes);
    }

    /// <summary>Ends the request when its object, or an option of it (<c>PatchOptions</c>, <c>ListOptions</c> …), was found not to be acceptable.</summary>
    public static void Refuse(string group, string kind, string name, FieldErrors errors)
    {
        if (errors.Causes.Count > 0)
        {
            throw Invalid(group, kind, name, errors.Causes);
        }
    }

    public static ApiErrorException InvalidScale(string name, long replicas) => Invalid(
        "autoscaling", "Scale", name, errors => errors.Invalid("spec.replicas", JsonValue.Create(replicas), "must be greater than or equal to 0"));

    /// <summary>Another kind than the path's was sent: the refusal is about the kind that was sent.</summary>
    public static ApiErrorException WrongKind(ResourceDefinition resource, string kind, string name) => Invalid(
        resource.Group, kind, name, errors => errors.InvalidText("kind", kind, $"must be {resource.Kind}"));

    /// <summary>An unconditional update where none is allowed; the only Invalid that names the plural.</summary>
    public static ApiErrorException VersionRequired(ResourceDefinition resource, string name) => Invalid(
        resource.Group, resource.Plural, name, errors => errors.Invalid("metadata.resourceVersion", JsonValue.Create(0), "must be specified for an update"));

    public static ApiErrorException PatchFailed() => new(422, "Invalid", "the server rejected our request due to an error in our request", []);

    public static ApiErrorException Expired(string message) => new(410, "Expired", message);

    public static ApiErrorException TooLargeVersion(long version, long current)
    {
        JsonObject details = new()
        {
            ["causes"] = new JsonArray(new JsonObject { ["reason"] = "ResourceVersionTooLarge", ["message"] = "Too large resource version" }),
            ["retryAfterSeconds"] = 1,
        };
        return new ApiErrorException(504, "Timeout", $"Timeout: Too large resource version: {version}, current: {current}", details);
    }

    public static ApiErrorException NotAcceptable() => new(
        406, "NotAcceptable", "only the following media types are accepted: application/json, application/yaml");

    public static ApiErrorException UnsupportedBody() => new(
        415, "UnsupportedMediaType",
        "the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf");

    /// <summary>Typed clients send protobuf where a manifest would do: the way round is said.</summary>
    public static ApiErrorException UnsupportedMessage(string apiVersion, string kind) => new(
        415, "UnsupportedMediaType",
        $"this server does not read protobuf bodies of {apiVersion}, Kind={kind}: send JSON or YAML, with kubectl by 'kubectl create … --dry-run=client -o yaml | kubectl apply --server-side -f -'");

    /// <summary>Strategic merge patches are for the built-in kinds.</summary>
    public static ApiErrorException UnsupportedPatch(bool custom) => new(
        415, "UnsupportedMediaType",
        "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, "
        + (custom ? "application/apply-patch+yaml" : "application/strategic-merge-patch+json, application/apply-patch+yaml"));

    /// <summary>A subresource that the real server has; the text says what to do instead.</summary>
    public static ApiErrorException NotOffered(string instead) => new(404, "NotFound", instead, []);

    public static ApiErrorException Unavailable(string message) => new(503, "ServiceUnavailable", message);

    public static ApiErrorException MethodNotAllowed(ResourceDefinition resource, string verb) => new(
        405, "MethodNotAllowed", $"{verb} is not supported on resources of kind \"{resource.QualifiedPlural}\"", Details(string.Empty, resource.Group, resource.Plural));

    public static ApiErrorException BodyTooLarge(long limit) =>
        new(413, "RequestEntityTooLarge", $"Request entity too large: limit is {limit}");

    public static JsonObject Details(string name, string group, string kind)
    {
        JsonObject details = [];
        if (name.Length > 0)
        {
            details["name"] = name;
        }

        if (group.Length > 0)
        {
            details["group"] = group;
        }

        if (kind.Length > 0)
        {
            details["kind"] = kind;
        }

        return details;
    }

    public static ApiErrorException Invalid(string group, string kind, string name, IReadOnlyList<StatusCause> causes)
    {
        JsonObject details = Details(name, group, kind);
        details["causes"] = JsonNodes.Array(causes.Select(c => new JsonObject { ["reason"] = c.Reason, ["message"] = c.Message, ["field"] = c.Field }));
        string qualified = group.Length == 0 ? kind : $"{kind}.{group}";
        string texts = string.Join(", ", causes.Select(c => $"{c.Field}: {c.Message}").Distinct(StringComparer.Ordinal));
        bool several = causes.Select(c => (c.Field, c.Message)).Distinct().Count() > 1;
        return new ApiErrorException(422, "Invalid", $"{qualified} \"{name}\" is invalid: {(several ? $"[{texts}]" : texts)}", details);
    }
}
