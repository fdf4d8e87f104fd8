using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using RocketOps.Remoting.Server.Health;

namespace RocketOps.Remoting.Tests.Health;

/// <summary>What probes and Prometheus get from any server's HTTP port.</summary>
public sealed class HealthPagesTests
{
    [Theory]
    [InlineData("GET", "/livez", 200, "ok\n")]
    [InlineData("HEAD", "/livez", 200, "ok\n")]
    [InlineData("GET", "/startupz", 503, "starting\n")]
    [InlineData("GET", "/readyz", 503, "waiting for a peer\n")]
    [InlineData("GET", "/metrics", 200, "figure 1\n")]
    [InlineData("GET", "/else", 404, "")]
    [InlineData("POST", "/livez", 405, "")]
    public async Task Page_OfAServerThatStarts_SaysWhy(string method, string path, int status, string text)
    {
        HealthPages pages = new(static () => "starting", static () => "waiting for a peer", static () => "figure 1\n");

        (await AskAsync(pages, method, path)).Should().Be((status, text));
    }

    [Theory]
    [InlineData("/startupz", 200, "ok\n")]
    [InlineData("/readyz", 200, "ok\n")]
    [InlineData("/metrics", 404, "")]
    public async Task Page_OfAServerThatServesAndHasNoFigures_IsThere(string path, int status, string text) =>
        (await AskAsync(new HealthPages(static () => null, static () => null), "GET", path)).Should().Be((status, text));

    private static async Task<(int Status, string Text)> AskAsync(HealthPages pages, string method, string path)
    {
        await using ServiceProvider services = new ServiceCollection().BuildServiceProvider();
        ApplicationBuilder application = new(services);
        pages.Configure(application);
        using MemoryStream body = new();
        DefaultHttpContext context = new() { Request = { Method = method, Path = path }, Response = { Body = body } };

        await application.Build()(context);

        return (context.Response.StatusCode, Encoding.UTF8.GetString(body.ToArray()));
    }
}
