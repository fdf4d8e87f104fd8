using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using RocketOps.Operator.Hosting;

namespace RocketOps.Operator.Tests.Hosting;

/// <summary>The questions that the pages of brokers and name servers are asked, with the same answers (<c>HealthPagesTests</c>).</summary>
public sealed class HealthEndpointsTests
{
    private const string Text = "text/plain; charset=utf-8";

    [Theory]
    [InlineData("GET", "/livez", 503, "stuck\n", Text)]
    [InlineData("HEAD", "/livez", 503, "stuck\n", Text)]
    [InlineData("GET", "/startupz", 503, "not listed yet\n", Text)]
    [InlineData("GET", "/readyz", 503, "not listed yet\n", Text)]
    [InlineData("GET", "/metrics", 200, "figure 1\n", "text/plain; version=0.0.4; charset=utf-8")]
    [InlineData("GET", "/else", 404, "", null)]
    [InlineData("GET", "/livez/", 404, "", null)]
    [InlineData("GET", "/LIVEZ", 404, "", null)]
    [InlineData("POST", "/livez", 405, "", null)]
    [InlineData("POST", "/else", 405, "", null)]
    public async Task Page_OfAnOperatorWithProblems_SaysWhy(string method, string path, int status, string text, string? type) =>
        (await AskAsync(method, path, "stuck", "not listed yet")).Should().Be((status, text, type));

    [Theory]
    [InlineData("GET", "/livez")]
    [InlineData("HEAD", "/livez")]
    [InlineData("GET", "/startupz")]
    [InlineData("HEAD", "/readyz")]
    public async Task Page_OfAnOperatorWithoutProblems_IsOk(string method, string path) =>
        (await AskAsync(method, path, null, null)).Should().Be((200, "ok\n", Text));

    private static async Task<(int Status, string Text, string? Type)> AskAsync(string method, string path, string? liveProblem, string? readyProblem)
    {
        await using ServiceProvider services = new ServiceCollection().BuildServiceProvider();
        ApplicationBuilder application = new(services);
        HealthEndpoints.Configure(application, () => liveProblem, () => readyProblem, static () => "figure 1\n");
        using MemoryStream body = new();
        DefaultHttpContext context = new() { Request = { Method = method, Path = path }, Response = { Body = body } };

        await application.Build()(context);

        return (context.Response.StatusCode, Encoding.UTF8.GetString(body.ToArray()), context.Response.ContentType);
    }
}
