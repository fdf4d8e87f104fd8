using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using RocketOps.Embedded.Kubelet;

namespace RocketOps.Interop.Tests.Up;

/// <summary>The API of a running <c>rocketops up</c>, reached by the kubeconfig in its data folder as kubectl reaches it.</summary>
internal sealed partial class UpApi(string kubeconfig) : IDisposable
{
    private readonly HttpClient _http = ControlPlaneHttp.CreateClient(
        new Uri(Server().Match(kubeconfig).Groups["value"].Value),
        Token().Match(kubeconfig).Groups["value"].Value,
        Encoding.ASCII.GetString(Convert.FromBase64String(Authority().Match(kubeconfig).Groups["value"].Value)));

    /// <summary>uid and readiness of the pods of one component, by name.</summary>
    public async Task<Dictionary<string, (string Uid, bool IsReady, string Address)>> PodsAsync(string component)
    {
        using JsonDocument list = JsonDocument.Parse(await _http.GetStringAsync(new Uri($"api/v1/namespaces/default/pods?labelSelector=rocketops.io/component={component}", UriKind.Relative)));
        Dictionary<string, (string Uid, bool IsReady, string Address)> pods = new(StringComparer.Ordinal);
        foreach (JsonElement pod in list.RootElement.GetProperty("items").EnumerateArray())
        {
            JsonElement status = pod.GetProperty("status");
            bool isReady = !pod.GetProperty("metadata").TryGetProperty("deletionTimestamp", out _)
                && status.TryGetProperty("conditions", out JsonElement conditions)
                && conditions.EnumerateArray().Any(condition => condition.GetProperty("type").GetString() == "Ready" && condition.GetProperty("status").GetString() == "True");
            string address = status.TryGetProperty("podIP", out JsonElement ip) ? ip.GetString()! : "";
            pods[pod.GetProperty("metadata").GetProperty("name").GetString()!] = (pod.GetProperty("metadata").GetProperty("uid").GetString()!, isReady, address);
        }

        return pods;
    }

    public async Task DeletePodAsync(string name) =>
        (await _http.DeleteAsync(new Uri($"api/v1/namespaces/default/pods/{name}", UriKind.Relative))).EnsureSuccessStatusCode().Dispose();

    /// <summary>A change of configuration, which restarts every broker.</summary>
    public async Task ConfigureAsync(string cluster, string key, string value)
    {
        using StringContent patch = new($$"""{"spec":{"brokers":{"config":{"{{key}}":"{{value}}"} } } }""", Encoding.UTF8, "application/merge-patch+json");
        (await _http.PatchAsync(new Uri($"apis/rocketops.io/v1beta1/namespaces/default/brokerclusters/{cluster}", UriKind.Relative), patch)).EnsureSuccessStatusCode().Dispose();
    }

    public void Dispose() => _http.Dispose();

    [GeneratedRegex(@"server: ""?(?<value>https://[^\s""]+)", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Server();

    [GeneratedRegex(@"token: ""?(?<value>[^\s""]+)", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Token();

    [GeneratedRegex(@"certificate-authority-data: ""?(?<value>[^\s""]+)", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Authority();
}
