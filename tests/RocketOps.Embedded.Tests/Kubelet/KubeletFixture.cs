using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Embedded.Kubelet;
using RocketOps.Embedded.Kubelet.Logs;
using RocketOps.Embedded.Kubelet.Objects;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Client.Configuration;
using RocketOps.Kubernetes.Client.Transport;
using RocketOps.Kubernetes.Dynamic;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
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
    private readonly KubernetesClient _client;

    private KubeletFixture(TempDirectory folder, EmbeddedApiServer api, PodLogStore logs)
    {
        _folder = folder;
        _api = api;
        _logs = logs;
        Configuration = new KubernetesClientConfiguration { Server = api.Address, Token = api.Token, CertificateAuthorityPem = api.CaCertificatePem };
        _client = new KubernetesClient(Configuration, options: new KubernetesClientOptions { MaxAttempts = 1 });
    }

    public KubernetesClientConfiguration Configuration { get; }

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
                ConnectTimeout = Eventually.DefaultDeadline,
                DrainTimeout = Eventually.DefaultDeadline,
                FirstRestartDelay = TimeSpan.FromMilliseconds(50),
                HostServiceLabels = new Dictionary<string, string> { ["reach"] = "host" },
                LongestRestartDelay = TimeSpan.FromMilliseconds(200),
            },
            Configuration,
            _logs,
            TimeProvider.System,
            NullLoggerFactory.Instance,
            CancellationToken.None);

    public Task<KubernetesObject> CreateAsync(KubernetesType<KubernetesObject> kind, string json)
    {
        JsonObject body = JsonNode.Parse(json)!.AsObject();
        body["apiVersion"] = kind.ApiVersion;
        body["kind"] = kind.Kind;
        return _client.For(kind).CreateAsync(new KubernetesObject(JsonElement.Parse(body.ToJsonString())));
    }

    public Task<KubernetesObject> PatchAsync(KubernetesType<KubernetesObject> kind, string name, string json) =>
        _client.For(kind).PatchAsync<KubernetesObject>(name, "default", KubernetesPatch.Merge(JsonNode.Parse(json)!.AsObject()));

    public Task DeleteAsync(KubernetesType<KubernetesObject> kind, KubernetesObject target, int? graceSeconds = null) =>
        _client.For(kind).DeleteAsync<KubernetesObject>(
            target.Name, target.Namespace, new DeleteOptions { GracePeriodSeconds = graceSeconds, Preconditions = new Preconditions { Uid = target.Uid } });

    public async Task<IReadOnlyList<KubernetesObject>> ListAsync(KubernetesType<KubernetesObject> kind) => (await _client.For(kind).ListAsync<KubernetesObject>()).Items;

    /// <summary>A pod whose only container runs a script.</summary>
    public Task<KubernetesObject> RunAsync(string name, string script, string more = "", string podMore = "", string labels = "") =>
        CreateAsync(
            Kinds.Pod,
            $$"""
              {"metadata":{"name":"{{name}}","labels":{"app":"{{name}}"{{labels}}} },
               "spec":{"terminationGracePeriodSeconds":5{{podMore}},"containers":[{"name":"main","image":"example.org/shell:1","args":["-c",{{JsonValue.Create(script).ToJsonString()}}]{{more}} }] } }
              """);

    public Task<KubernetesObject?> GetAsync(KubernetesType<KubernetesObject> kind, string name) => _client.For(kind).GetAsync<KubernetesObject>(name, "default");

    public async Task<KubernetesObject> PodAsync(string name, Func<KubernetesObject, bool> condition, string what)
    {
        KubernetesObject? pod = null;
        try
        {
            await Eventually.TrueAsync(
                async () =>
                {
                    pod = await GetAsync(Kinds.Pod, name);
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

    public Task GoneAsync(KubernetesType<KubernetesObject> kind, string name) =>
        Eventually.TrueAsync(async () => await GetAsync(kind, name) is null, $"{kind.Kind} {name} is gone");

    /// <summary>Deletes the object and leaves what it owns; returns when it is gone.</summary>
    public async Task OrphanAsync(KubernetesType<KubernetesObject> kind, string name)
    {
        await _client.For(kind).DeleteAsync<KubernetesObject>(name, "default", new DeleteOptions { PropagationPolicy = PropagationPolicy.Orphan });
        await GoneAsync(kind, name);
    }

    public async Task<string> LogAsync(KubernetesObject pod, string query = "")
    {
        using StreamReader reader = new(await _client.ReadStreamAsync($"api/v1/namespaces/default/pods/{pod.Name}/log?{query}"));
        return await reader.ReadToEndAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Kubelet.DisposeAsync();
        _client.Dispose();
        await _api.DisposeAsync();
        _folder.Dispose();
    }
}
