using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Client.Configuration;
using RocketOps.Kubernetes.Client.Transport;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Interop.Tests.Up;

/// <summary>The API of a running <c>rocketops up</c>, reached by the kubeconfig in its data folder as kubectl reaches it.</summary>
internal sealed partial class UpApi(string kubeconfig) : IDisposable
{
    private readonly KubernetesClient _client = new(new KubernetesClientConfiguration
    {
        Server = new Uri(Server().Match(kubeconfig).Groups["value"].Value),
        Token = Token().Match(kubeconfig).Groups["value"].Value,
        CertificateAuthorityPem = Encoding.ASCII.GetString(Convert.FromBase64String(Authority().Match(kubeconfig).Groups["value"].Value)),
    });

    /// <summary>The pods of one component, by name.</summary>
    public async Task<Dictionary<string, UpPod>> PodsAsync(string component)
    {
        using Stream answer = await _client.ReadStreamAsync($"api/v1/namespaces/default/pods?labelSelector=rocketops.io/component={component}");
        using JsonDocument list = await JsonDocument.ParseAsync(answer);
        Dictionary<string, UpPod> pods = new(StringComparer.Ordinal);
        foreach (JsonElement pod in list.RootElement.GetProperty("items").EnumerateArray())
        {
            JsonElement status = pod.GetProperty("status");
            bool isReady = !pod.GetProperty("metadata").TryGetProperty("deletionTimestamp", out _)
                && status.TryGetProperty("conditions", out JsonElement conditions)
                && conditions.EnumerateArray().Any(condition => condition.GetProperty("type").GetString() == "Ready" && condition.GetProperty("status").GetString() == "True");
            string address = status.TryGetProperty("podIP", out JsonElement ip) ? ip.GetString()! : "";
            pods[pod.GetProperty("metadata").GetProperty("name").GetString()!] = new UpPod(pod.GetProperty("metadata").GetProperty("uid").GetString()!, isReady, address, ProcessId(status));
        }

        return pods;
    }

    public Task DeletePodAsync(string name) => _client.DeleteAsync<Pod>(name, "default");

    /// <summary>A change of configuration, which restarts every broker.</summary>
    public Task ConfigureAsync(string cluster, string key, string value) =>
        _client.SendAsync(
            HttpMethod.Patch,
            $"apis/rocketops.io/v1beta1/namespaces/default/brokerclusters/{cluster}",
            JsonNode.Parse($$"""{"spec":{"brokers":{"config":{"{{key}}":"{{value}}"} } } }"""),
            KubernetesMediaTypes.MergePatch);

    /// <summary>Of the pod's only container; 0 while none runs.</summary>
    private static int ProcessId(JsonElement status)
    {
        const string scheme = "process://";
        string? id = status.TryGetProperty("containerStatuses", out JsonElement containers) ? containers.EnumerateArray().Select(container => container.GetProperty("containerID").GetString()).FirstOrDefault() : null;
        return id is { Length: > 0 } ? int.Parse(id[scheme.Length..], CultureInfo.InvariantCulture) : 0;
    }

    public void Dispose() => _client.Dispose();

    [GeneratedRegex(@"server: ""?(?<value>https://[^\s""]+)", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Server();

    [GeneratedRegex(@"token: ""?(?<value>[^\s""]+)", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Token();

    [GeneratedRegex(@"certificate-authority-data: ""?(?<value>[^\s""]+)", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Authority();
}
