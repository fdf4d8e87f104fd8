using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace RocketOps.Embedded.Tests.Api;

public sealed class PodProxyTests
{
    private const string Pods = "/api/v1/namespaces/default/pods";

    [Fact]
    public async Task Proxy_Get_IsPassedOnToThePod()
    {
        await using WebApplication pod = WebApplication.CreateSlimBuilder().Build();
        pod.Urls.Add("http://127.0.0.1:0");
        pod.MapGet("/deep/metrics", (HttpRequest request) => Results.Text($"up{request.QueryString} 1", "text/plain"));
        await pod.StartAsync();
        int port = new Uri(pod.Urls.Single()).Port;
        await using ApiTestServer api = await ApiTestServer.StartAsync(installCrd: false);
        await CreateAsync(api, port, "127.0.0.1");

        foreach (string name in (string[])["p", $"p:{port}", "p:metrics", $"http:p:{port}"])
        {
            (await api.Client.GetStringAsync($"{Pods}/{name}/proxy/deep/metrics?x=1")).Should().Be("up?x=1 1", name);
        }

        (await api.CodeAsync($"{Pods}/p/proxy/nothing")).Should().Be(404);
        (await api.SendAsync("POST", $"{Pods}/p/proxy/deep/metrics", "{}")).Code.Should().Be(405);
    }

    [Theory]
    [InlineData("p:1:2:3", "127.0.0.1", 400, "invalid pod request")]
    [InlineData("p:nope", "127.0.0.1", 400, "the pod has no port \"nope\"")]
    [InlineData("none:1", "127.0.0.1", 404, "pods \"none\" not found")]
    [InlineData("p:1", "127.0.0.1", 503, "error trying to reach service")]
    [InlineData("p:1", null, 503, "pod p has no address yet")]
    public async Task Proxy_PodThatCannotBeReached_SaysWhy(string name, string? address, int expected, string message)
    {
        await using ApiTestServer api = await ApiTestServer.StartAsync(installCrd: false);
        await CreateAsync(api, 1, address);

        (int code, JsonObject body) = await api.SendAsync("GET", $"{Pods}/{name}/proxy/metrics");

        code.Should().Be(expected);
        body["message"]!.ToString().Should().StartWith(message);
    }

    private static async Task CreateAsync(ApiTestServer api, int port, string? address)
    {
        await api.SendAsync("POST", Pods, $$$"""{"metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"x:1","ports":[{"name":"metrics","containerPort":{{{port}}}}]}]}}""");
        if (address is not null)
        {
            (await api.SendAsync("PATCH", $"{Pods}/p/status", $$$"""{"status":{"podIP":"{{{address}}}"}}""", "application/merge-patch+json")).Code.Should().Be(200);
        }
    }
}
