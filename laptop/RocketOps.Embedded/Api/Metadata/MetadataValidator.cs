using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Resources;
using RocketOps.Embedded.Api.Schema;

namespace RocketOps.Embedded.Api.Metadata;

/// <summary>The rules of ObjectMeta, the same for every kind (reference: embedded-api.md §5, §6).</summary>
internal static partial class MetadataValidator
{
    private const int MaxAnnotationBytes = 262_144;

    internal const string SubdomainText =
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character"
        + @" (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

    private const string LabelText =
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character"
        + " (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

    public static void Validate(JsonObject metadata, ResourceDefinition resource, FieldErrors errors)
    {
        ValidateName(metadata, resource, errors);
        foreach ((string key, JsonNode? value) in metadata.Child("labels") ?? [])
        {
            ValidateKey(key, "metadata.labels", errors);
            foreach (string problem in LabelSyntax.ValueProblems(value.AsText() ?? string.Empty))
            {
                errors.InvalidText("metadata.labels", value.AsText() ?? string.Empty, problem);
            }
        }

        long total = 0;
        foreach ((string key, JsonNode? value) in metadata.Child("annotations") ?? [])
        {
            ValidateKey(key.ToLowerInvariant(), "metadata.annotations", errors);
            total += Encoding.UTF8.GetByteCount(key) + Encoding.UTF8.GetByteCount(value.AsText() ?? string.Empty);
        }

        if (total > MaxAnnotationBytes)
        {
            errors.TooLong("metadata.annotations", MaxAnnotationBytes);
        }

        ValidateOwners(metadata, errors);
        foreach (JsonNode? finalizer in metadata.Items("finalizers") ?? [])
        {
            ValidateKey(finalizer.AsText() ?? string.Empty, "metadata.finalizers", errors);
        }
    }

    /// <summary>Warnings about finalizers without a domain, as the real server gives them.</summary>
    public static void Warn(JsonObject metadata, ICollection<string> warnings)
    {
        foreach (JsonNode? finalizer in metadata.Items("finalizers") ?? [])
        {
            if (finalizer.AsText() is { } name && !name.Contains('/', StringComparison.Ordinal) && name is not ("foregroundDeletion" or "orphan" or "kubernetes"))
            {
                warnings.Add($"metadata.finalizers: \"{name}\": prefer a domain-qualified finalizer name to avoid accidental conflicts with other finalizer writers");
            }
        }
    }

    private static void ValidateName(JsonObject metadata, ResourceDefinition resource, FieldErrors errors)
    {
        string name = metadata.Text("name") ?? string.Empty;
        if (name.Length == 0)
        {
            errors.Required("metadata.name", "name or generateName is required");
            return;
        }

        if (resource.Rules.NamesArePathSegments)
        {
            if (name is "." or ".." || name.Contains('/', StringComparison.Ordinal) || name.Contains('%', StringComparison.Ordinal))
            {
                errors.InvalidText("metadata.name", name, "may not contain '/' or '%' and may not be '.' or '..'");
            }

            return;
        }

        int limit = resource.Rules.NamesAreLabels ? 63 : 253;
        if (name.Length > limit)
        {
            errors.InvalidText("metadata.name", name, $"must be no more than {limit} characters");
        }

        if (!(resource.Rules.NamesAreLabels ? Label() : Subdomain()).IsMatch(name))
        {
            errors.InvalidText("metadata.name", name, resource.Rules.NamesAreLabels ? LabelText : SubdomainText);
        }
    }

    private static void ValidateKey(string key, string field, FieldErrors errors)
    {
        foreach (string problem in LabelSyntax.KeyProblems(key))
        {
            errors.InvalidText(field, key, problem);
        }
    }

    private static void ValidateOwners(JsonObject metadata, FieldErrors errors)
    {
        int controllers = 0;
        foreach (JsonObject owner in metadata.Objects("ownerReferences"))
        {
            foreach (string name in (ReadOnlySpan<string>)["apiVersion", "kind", "name", "uid"])
            {
                if (string.IsNullOrEmpty(owner.Text(name)))
                {
                    errors.InvalidText($"metadata.ownerReferences.{name}", string.Empty, name == "apiVersion" ? "version must not be empty" : "must not be empty");
                }
            }

            controllers += owner.Flag("controller") ? 1 : 0;
        }

        if (controllers > 1)
        {
            errors.Invalid("metadata.ownerReferences", metadata["ownerReferences"], "Only one reference can have Controller set to true");
        }
    }

    [GeneratedRegex(@"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\z", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    internal static partial Regex Subdomain();

    [GeneratedRegex(@"^[a-z0-9]([-a-z0-9]*[a-z0-9])?\z", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Label();
}
