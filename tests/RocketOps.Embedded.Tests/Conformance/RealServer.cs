using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using RocketOps.Kubernetes.Yaml;
using RocketOps.Testing;
using RocketOps.Testing.Kubernetes;

namespace RocketOps.Embedded.Tests.Conformance;

/// <summary>A kube-apiserver of the kit, started by the first test that wants it and stopped with its class.</summary>
public sealed class RealServer : IAsyncLifetime
{
    /// <summary>Of one request: of the longest watch, too.</summary>
    private static readonly TimeSpan RequestPatience = TimeSpan.FromMinutes(5);

    private readonly string _state = Path.Combine(Path.GetTempPath(), $"kit-api-{Environment.ProcessId}");
    private readonly Lazy<Task<JsonObject>> _config;

    private Dictionary<string, string> Variables => new(StringComparer.Ordinal)
    {
        ["STATE"] = _state,
        ["PATH"] = SharedKits.Kube + ":" + Environment.GetEnvironmentVariable("PATH"),
    };

    public RealServer() => _config = new Lazy<Task<JsonObject>>(StartAsync);

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (_config.IsValueCreated)
        {
            await KubeKit.DownAsync(Variables);
        }
    }

    public async Task<HttpClient> ClientAsync() => await ClientAsync(await _config.Value);

    private static async Task<HttpClient> ClientAsync(JsonObject config)
    {
        JsonNode cluster = config["clusters"]![0]!["cluster"]!;
        JsonNode user = config["users"]![0]!["user"]!;
        string authorityPem = await PemAsync(cluster, "certificate-authority");
        X509Certificate2 authority = X509Certificate2.CreateFromPem(authorityPem);
        string certificatePem = await PemAsync(user, "client-certificate");
        string keyPem = await PemAsync(user, "client-key");
        X509Certificate2 client = X509Certificate2.CreateFromPem(certificatePem, keyPem);
        SocketsHttpHandler handler = new();
        handler.SslOptions.ClientCertificates = [client];
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, _) => EmbeddedClients.SignedBy(authority, certificate);
        return new HttpClient(handler) { BaseAddress = new Uri((string)cluster["server"]!), Timeout = RequestPatience };
    }

    private static async Task<string> PemAsync(JsonNode holder, string name) => holder[name + "-data"] is { } data
        ? Encoding.UTF8.GetString(Convert.FromBase64String((string)data!))
        : await File.ReadAllTextAsync((string)holder[name]!);

    private async Task<JsonObject> StartAsync()
    {
        await KubeKit.UpApiAsync(Variables);
        JsonObject config = (JsonObject)YamlReading.ParseAll(await File.ReadAllTextAsync(Path.Combine(_state, "admin.conf"))).Single();
        await InstallAsync(config);
        return config;
    }

    private static async Task InstallAsync(JsonObject config)
    {
        using HttpClient client = await ClientAsync(config);
        foreach (string crd in ConformanceCase.Crds)
        {
            using StringContent content = new(await File.ReadAllTextAsync(crd), Encoding.UTF8, "application/yaml");
            using HttpResponseMessage created = await client.PostAsync("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", content);
            created.EnsureSuccessStatusCode();
        }

        // A new resource answers 404, then 429, then its list.
        foreach (string path in (string[])["conformance.rocketops.io/v1beta1/widgets", "rocketops.io/v1beta1/brokerclusters", "rocketops.io/v1beta1/topics", "rocketops.io/v1beta1/consumergroups"])
        {
            int good = 0;
            await Eventually.TrueAsync(
                async () =>
                {
                    using HttpResponseMessage list = await client.GetAsync($"/apis/{path}");
                    good = list.IsSuccessStatusCode ? good + 1 : 0;
                    return good == 20;
                },
                $"{path} are served");
        }
    }
}
