using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Broker.Failover.Kubernetes;
using RocketOps.Embedded;
using RocketOps.Kubernetes.Client.Transport;

namespace RocketOps.Broker.Tests.Failover.Kubernetes;

/// <summary>An embedded API server, a pod's way to it by files, and another client's beside that.</summary>
internal sealed class ApiFixture : IAsyncDisposable
{
    public const string Lease = "/apis/coordination.k8s.io/v1/namespaces/default/leases/orders-0";
    public const string Slice = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/orders-0-master";

    private readonly EmbeddedApiServer _server;
    private readonly HttpClient _other;
    private readonly string _folder = Directory.CreateTempSubdirectory("credentials-").FullName;

    private ApiFixture(EmbeddedApiServer server)
    {
        _server = server;
        File.WriteAllText(TokenFile, server.Token + "\n");
        File.WriteAllText(Path.Combine(_folder, "ca.crt"), server.CaCertificatePem);
        X509Certificate2 authority = X509Certificate2.CreateFromPem(server.CaCertificatePem);
        SocketsHttpHandler handler = new();
        handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, CustomTrustStore = { authority } };
        _other = new HttpClient(handler) { BaseAddress = server.Address };
        _other.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", server.Token);
        Api = Client(TimeSpan.FromMinutes(1));
    }

    public KubernetesClient Api { get; }

    public string TokenFile => Path.Combine(_folder, "token");

    public string AuthorityFile => Path.Combine(_folder, "ca.crt");

    public EmbeddedApiServer Server => _server;

    public static async Task<ApiFixture> StartAsync() => new(await EmbeddedApiServer.StartAsync(new EmbeddedApiOptions()));

    public KubernetesClient Client(TimeSpan timeout, TimeProvider? time = null, int? port = null) => PodClient.Open(
        name => name switch
        {
            "KUBERNETES_SERVICE_HOST" => _server.Address.Host,
            "KUBERNETES_SERVICE_PORT" => (port ?? _server.Address.Port).ToString(CultureInfo.InvariantCulture),
            _ => null,
        },
        _folder,
        timeout,
        time ?? TimeProvider.System,
        NullLoggerFactory.Instance);

    /// <summary>As kubectl would.</summary>
    public async Task<JsonObject> SendAsync(string method, string path, string? body = null, string type = "application/json")
    {
        using HttpRequestMessage request = new(new HttpMethod(method), path);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(type);
        }

        using HttpResponseMessage response = await _other.SendAsync(request);
        string text = await response.Content.ReadAsStringAsync();
        response.IsSuccessStatusCode.Should().BeTrue(text);
        return (JsonObject)JsonNode.Parse(text)!;
    }

    public Task<JsonObject> MergeAsync(string path, string patch) => SendAsync("PATCH", path, patch, "application/merge-patch+json");

    public async ValueTask DisposeAsync()
    {
        Api.Dispose();
        _other.Dispose();
        await _server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
