using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Tests.Conformance;

namespace RocketOps.Embedded.Tests.Api;

/// <summary>An embedded server with the conformance CRD and a client; disposed together.</summary>
internal sealed class ApiTestServer : IAsyncDisposable
{
    public const string Widgets = "/apis/conformance.rocketops.io/v1beta1/namespaces/default/widgets";

    private ApiTestServer(EmbeddedApiServer server)
    {
        Server = server;
        Client = EmbeddedClients.For(server);
    }

    public EmbeddedApiServer Server { get; }

    public HttpClient Client { get; }

    public static async Task<ApiTestServer> StartAsync(EmbeddedApiOptions? options = null, bool installCrd = true)
    {
        EmbeddedApiServer server = await EmbeddedApiServer.StartAsync(options ?? new EmbeddedApiOptions());
        if (installCrd)
        {
            server.AddCrd(await File.ReadAllTextAsync(Path.Combine(ConformanceCase.Folder, "widgets.crd.yaml")));
        }

        return new ApiTestServer(server);
    }

    public async Task<(int Code, JsonObject Body)> SendAsync(string method, string path, string? body = null, string type = "application/json")
    {
        using HttpRequestMessage request = new(new HttpMethod(method), path);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(type);
        }

        using HttpResponseMessage response = await Client.SendAsync(request);
        string text = await response.Content.ReadAsStringAsync();
        return ((int)response.StatusCode, text.StartsWith('{') ? (JsonObject)JsonNode.Parse(text)! : []);
    }

    public async Task<JsonObject> CreateAsync(string name, string metadata = "")
    {
        (int code, JsonObject body) = await SendAsync(
            "POST", Widgets, $$$"""{"apiVersion":"conformance.rocketops.io/v1beta1","kind":"Widget","metadata":{"name":"{{{name}}}" {{{metadata}}} },"spec":{"replicas":1}}""");
        code.Should().Be(201, body.ToJsonString());
        return body;
    }

    public async Task<int> CodeAsync(string path) => (await SendAsync("GET", path)).Code;

    public static string OwnedBy(JsonObject owner, bool block = false) =>
        $",\"ownerReferences\":[{{\"apiVersion\":\"conformance.rocketops.io/v1beta1\",\"kind\":\"Widget\",\"name\":\"{owner["metadata"]!["name"]}\",\"uid\":\"{owner["metadata"]!["uid"]}\""
        + (block ? ",\"blockOwnerDeletion\":true" : string.Empty) + "}]";

    /// <summary>Opens a watch and returns its lines as they come.</summary>
    public async Task<StreamReader> WatchAsync(string query)
    {
        HttpResponseMessage response = await Client.GetAsync($"{Widgets}?watch=true&{query}", HttpCompletionOption.ResponseHeadersRead);
        response.EnsureSuccessStatusCode();
        return new StreamReader(await response.Content.ReadAsStreamAsync());
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Server.DisposeAsync();
    }
}
