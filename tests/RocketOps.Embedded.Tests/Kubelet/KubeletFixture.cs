using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Embedded.Kubelet;
using RocketOps.Embedded.Kubelet.Logs;
using RocketOps.Embedded.Kubelet.Objects;
using RocketOps.Testing;

namespace RocketOps.Embedded.Tests.Kubelet;

/// <summary>
/// A kubelet on an API server of its own, with the shell as the only image: <c>example.org/shell:1</c> runs sh with the
/// container's arguments.
/// </summary>
internal sealed class KubeletFixture : IAsyncDisposable
{
    private readonly TempDirectory _folder;
    private readonly EmbeddedApiServer _api;
    private readonly PodLogStore _logs;

    private KubeletFixture(TempDirectory folder, EmbeddedApiServer api, PodLogStore logs)
    {
        _folder = folder;
        _api = api;
        _logs = logs;
        Http = ControlPlaneHttp.CreateClient(api.Address, api.Token, api.CaCertificatePem);
        Client = new ClusterClient(Http);
    }

    public HttpClient Http { get; }

    public ClusterClient Client { get; }

    public ProcessKubelet Kubelet { get; private set; } = null!;

    public string Folder => _folder.Path;

    /// <summary>Faults of the API server.</summary>
    public Func<ApiCall, ApiFault?>? FaultHook
    {
        set => _api.FaultHook = value;
    }

    public static async Task<KubeletFixture> StartAsync()
    {
        TempDirectory folder = new();
        PodLogStore logs = new(folder.File("logs"), 1024 * 1024, TimeProvider.System);
        KubeletFixture fixture = new(folder, await EmbeddedApiServer.StartAsync(new EmbeddedApiOptions { PodLogs = logs, ServiceSubnet = ProcessKubelet.PreferredSubnet(folder.Path) }), logs);
        await fixture.StartKubeletAsync();
        return fixture;
    }

    public async Task StartKubeletAsync() =>
        Kubelet = await ProcessKubelet.StartAsync(
            new ProcessKubeletOptions
            {
                DataDirectory = Folder,
                Programs = new Dictionary<string, LocalProgram> { ["shell"] = new("/bin/sh") },
                FirstRestartDelay = TimeSpan.FromMilliseconds(50),
                HostServiceLabels = new Dictionary<string, string> { ["reach"] = "host" },
                LongestRestartDelay = TimeSpan.FromMilliseconds(200),
            },
            Http,
            _logs,
            TimeProvider.System,
            NullLoggerFactory.Instance,
            CancellationToken.None);

    public Task<KubeObject> CreateAsync(ResourceKind kind, string json) =>
        Client.CreateAsync(kind, "default", JsonNode.Parse(json)!.AsObject(), CancellationToken.None);

    /// <summary>A pod whose only container runs a script.</summary>
    public Task<KubeObject> RunAsync(string name, string script, string more = "", string podMore = "") =>
        CreateAsync(
            ResourceKind.Pod,
            $$"""
              {"metadata":{"name":"{{name}}","labels":{"app":"{{name}}"} },
               "spec":{"terminationGracePeriodSeconds":5{{podMore}},"containers":[{"name":"main","image":"example.org/shell:1","args":["-c",{{JsonValue.Create(script).ToJsonString()}}]{{more}} }] } }
              """);

    public Task<KubeObject?> GetAsync(ResourceKind kind, string name) => Client.GetAsync(kind, "default", name, CancellationToken.None);

    public async Task<KubeObject> PodAsync(string name, Func<KubeObject, bool> condition, string what)
    {
        KubeObject? pod = null;
        try
        {
            await Eventually.TrueAsync(
                async () =>
                {
                    pod = await GetAsync(ResourceKind.Pod, name);
                    return pod is not null && condition(pod);
                },
                what);
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException($"pod {name}: {what}; last seen: {pod?.Status.GetRawText()}", late);
        }

        return pod!;
    }

    public Task GoneAsync(ResourceKind kind, string name) =>
        Eventually.TrueAsync(async () => await GetAsync(kind, name) is null, $"{kind.Kind} {name} is gone");

    /// <summary>Deletes the object and leaves what it owns; returns when it is gone.</summary>
    public async Task OrphanAsync(ResourceKind kind, string name)
    {
        using HttpResponseMessage response = await Http.DeleteAsync(new Uri(kind.ObjectPath("default", name) + "?propagationPolicy=Orphan", UriKind.Relative));
        response.EnsureSuccessStatusCode();
        await GoneAsync(kind, name);
    }

    public async Task<string> LogAsync(KubeObject pod, string query = "")
    {
        using HttpResponseMessage response = await Http.GetAsync(new Uri($"api/v1/namespaces/default/pods/{pod.Name}/log?{query}", UriKind.Relative));
        return await response.Content.ReadAsStringAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Kubelet.DisposeAsync();
        Http.Dispose();
        await _api.DisposeAsync();
        _folder.Dispose();
    }
}
