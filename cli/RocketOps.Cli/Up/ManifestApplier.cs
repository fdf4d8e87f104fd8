using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using RocketOps.Embedded.Kubelet.Objects;
using RocketOps.Kubernetes.Client;

namespace RocketOps.Cli.Up;

/// <summary>Server-side apply of manifests, as <c>kubectl apply --server-side</c> does it.</summary>
internal sealed class ManifestApplier(HttpClient http)
{
    private const string FieldManager = "rocketops-up";

    /// <summary>Applies one manifest. Throws <see cref="CommandFailedException"/> with the server's sentence when it is refused.</summary>
    public async Task ApplyAsync(Manifest manifest, CancellationToken cancellation)
    {
        string root = manifest.ApiVersion.Contains('/', StringComparison.Ordinal) ? $"apis/{manifest.ApiVersion}" : $"api/{manifest.ApiVersion}";
        (string plural, bool isNamespaced) = await FindResourceAsync(manifest, root, cancellation);
        string scope = isNamespaced ? $"/namespaces/{Uri.EscapeDataString(manifest.Namespace ?? "default")}" : "";
        string path = $"{root}{scope}/{plural}/{Uri.EscapeDataString(manifest.Name)}?fieldManager={FieldManager}&force=true&fieldValidation=Strict";
        using ByteArrayContent content = new(Encoding.UTF8.GetBytes(manifest.Text));
        content.Headers.ContentType = new MediaTypeHeaderValue(KubernetesMediaTypes.ApplyPatch);
        using HttpRequestMessage request = new(HttpMethod.Patch, path) { Content = content };
        using HttpResponseMessage response = await http.SendAsync(request, cancellation);
        if (!response.IsSuccessStatusCode)
        {
            throw new CommandFailedException($"{manifest.Source}: {manifest}: {await MessageAsync(response, cancellation)}");
        }
    }

    private async Task<(string Plural, bool IsNamespaced)> FindResourceAsync(Manifest manifest, string root, CancellationToken cancellation)
    {
        using HttpResponseMessage response = await http.GetAsync(new Uri(root, UriKind.Relative), cancellation);
        if (response.StatusCode != HttpStatusCode.NotFound)
        {
            response.EnsureSuccessStatusCode();
            await using Stream stream = await response.Content.ReadAsStreamAsync(cancellation);
            using JsonDocument document = await JsonDocument.ParseAsync(stream, cancellationToken: cancellation);
            foreach (JsonElement resource in document.RootElement.Items("resources"))
            {
                if (resource.Text("kind") == manifest.Kind && resource.Text("name") is { } name && !name.Contains('/', StringComparison.Ordinal))
                {
                    return (name, resource.Flag("namespaced") == true);
                }
            }
        }

        throw new CommandFailedException($"{manifest.Source}: {manifest}: there is no kind {manifest.Kind} in {manifest.ApiVersion} here.");
    }

    private static async Task<string> MessageAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        string text = await response.Content.ReadAsStringAsync(cancellation);
        try
        {
            using JsonDocument status = JsonDocument.Parse(text);
            return status.RootElement.Text("message") ?? text;
        }
        catch (JsonException)
        {
            return $"HTTP {(int)response.StatusCode}: {text}";
        }
    }
}
