using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using RocketOps.Cli.Running;
using RocketOps.Embedded.Api.Json;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Yaml;

namespace RocketOps.Cli.Up;

/// <summary>Server-side apply of manifests, as <c>kubectl apply --server-side --force-conflicts</c> does it, that tells what it changes.</summary>
internal sealed partial class ManifestApplier(IKubernetesClient client)
{
    private const string FieldManager = "rocketops-up";

    /// <summary>
    /// Applies one manifest, and tells field by field what the object had otherwise. Throws <see cref="CommandFailedException"/> with the server's sentence, and
    /// the line it is about, when it is refused.
    /// </summary>
    public async Task<IReadOnlyList<string>> ApplyAsync(Manifest manifest, CancellationToken cancellation)
    {
        string root = manifest.ApiVersion.Contains('/', StringComparison.Ordinal) ? $"apis/{manifest.ApiVersion}" : $"api/{manifest.ApiVersion}";
        (string plural, bool isNamespaced) = await FindResourceAsync(manifest, root, cancellation);
        string scope = isNamespaced ? $"/namespaces/{Uri.EscapeDataString(manifest.Namespace ?? "default")}" : "";
        string path = $"{root}{scope}/{plural}/{Uri.EscapeDataString(manifest.Name)}";
        try
        {
            JsonNode? before = await FindAsync(path, cancellation);
            JsonNode? after = await client.SendAsync(
                HttpMethod.Patch, $"{path}?fieldManager={FieldManager}&force=true&fieldValidation=Strict", YamlReading.ParseAll(manifest.Text)[0], KubernetesMediaTypes.ApplyPatch, cancellation);
            IEnumerable<FieldChange> changes = before is null ? [] : FieldChange.Between(before, after);
            return [.. changes.Select(change => $"{manifest}: {change}, as {manifest.At(change.Path)} says")];
        }
        catch (KubernetesException refused)
        {
            string? field = refused.Status.Details?.Causes?.FirstOrDefault()?.Field;
            string message = refused.Status.Message ?? refused.Message;
            if (TypedField().Match(message) is { Success: true } match)
            {
                field = match.Groups["field"].Value;
                message = match.Groups["undeclared"].Success
                    ? $"{message}.{await HintAsync(manifest, root, field.Split('.', StringSplitOptions.RemoveEmptyEntries), cancellation)}"
                    : message;
            }

            throw new CommandFailedException($"{(field is null ? manifest.Source : manifest.At(field))}: {manifest}: {message}", refused);
        }
        catch (FormatException wrong)
        {
            throw new CommandFailedException($"{manifest.Source}: {manifest}: {wrong.Message}", wrong);
        }
    }

    private async Task<JsonNode?> FindAsync(string path, CancellationToken cancellation)
    {
        try
        {
            return await client.SendAsync(HttpMethod.Get, path, cancellationToken: cancellation);
        }
        catch (KubernetesException missing) when (missing.IsNotFound)
        {
            return null;
        }
    }

    /// <summary>The field that the server's schema has at this place and that was probably meant.</summary>
    private async Task<string> HintAsync(Manifest manifest, string root, string[] path, CancellationToken cancellation)
    {
        JsonNode? schemas = (await FindAsync($"openapi/v3/{root}", cancellation))?["components"]?["schemas"];
        JsonNode? schema = (schemas as JsonObject)?.Select(named => named.Value).FirstOrDefault(
            named => named?["x-kubernetes-group-version-kind"] is JsonArray kinds && kinds.OfType<JsonObject>().Any(kind => kind.Text("kind") == manifest.Kind));
        foreach (string name in path[..^1])
        {
            schema = schema?["properties"]?[name];
            if ((schema?["allOf"]?[0]?["$ref"] ?? schema?["$ref"]) is { } reference)
            {
                schema = schemas?[reference.ToString().Split('/')[^1]];
            }
        }

        return schema?["properties"] is JsonObject fields ? NearestWord.Hint(path[^1], fields.Select(field => field.Key)) : string.Empty;
    }

    private async Task<(string Plural, bool IsNamespaced)> FindResourceAsync(Manifest manifest, string root, CancellationToken cancellation)
    {
        JsonArray resources = (await FindAsync(root, cancellation))?["resources"] as JsonArray ?? [];
        foreach (JsonObject resource in resources.OfType<JsonObject>())
        {
            if (resource.Text("kind") == manifest.Kind && resource.Text("name") is { } name && !name.Contains('/', StringComparison.Ordinal))
            {
                return (name, resource.Flag("namespaced"));
            }
        }

        string[] kinds = [.. resources.OfType<JsonObject>().Where(static resource => resource.Text("name")?.Contains('/', StringComparison.Ordinal) == false).Select(static resource => resource.Text("kind")).OfType<string>().Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        JsonNode? group = root.StartsWith("apis/", StringComparison.Ordinal) ? await FindAsync($"apis/{manifest.ApiVersion.Split('/')[0]}", cancellation) : null;
        IEnumerable<string?> served = (group?["versions"] as JsonArray ?? []).OfType<JsonObject>().Select(version => version.Text("groupVersion"));
        string here = string.Join(", ", kinds.Length > 0 ? kinds : served.Where(version => version != manifest.ApiVersion));
        string hint = NearestWord.Hint(manifest.Kind, kinds);
        throw new CommandFailedException(
            $"{manifest.Source}: {manifest}: there is no kind {manifest.Kind} in {manifest.ApiVersion} here.{(hint.Length > 0 ? hint : here.Length > 0 ? $" There is {here}." : string.Empty)}");
    }

    /// <summary>Pattern of an apply's error that names a field which the schema refuses.</summary>
    [GeneratedRegex(@"\s(?<field>(\.[A-Za-z0-9_-]+)+): (?<undeclared>field not declared in schema)?", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex TypedField();
}
