using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Client.Configuration;
using RocketOps.Kubernetes.Client.Transport;

namespace RocketOps.Kubernetes.Tests.Support;

/// <summary>The other end of the client's HTTP: answers requests by a script, one entry each, and remembers what was asked.</summary>
internal sealed class FakeApiPeer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<RequestDelegate> _script = new();
    private readonly ConcurrentQueue<ReceivedRequest> _received = new();

    private FakeApiPeer(WebApplication app) => _app = app;

    public IReadOnlyList<ReceivedRequest> Received => [.. _received];

    public Uri Address => new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    public static async Task<FakeApiPeer> StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        WebApplication app = builder.Build();
        FakeApiPeer peer = new FakeApiPeer(app);
        app.Run(peer.AnswerAsync);
        await app.StartAsync();
        return peer;
    }

    public FakeApiPeer Then(RequestDelegate answer)
    {
        _script.Enqueue(answer);
        return this;
    }

    public FakeApiPeer Then(int status, string body, params (string Name, string Value)[] headers) => Then(async context =>
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        foreach ((string? name, string? value) in headers)
        {
            context.Response.Headers[name] = value;
        }

        await context.Response.WriteAsync(body);
    });

    public FakeApiPeer ThenBreakOff() => Then(context =>
    {
        context.Abort();
        return Task.CompletedTask;
    });

    public KubernetesClient CreateClient(KubernetesClientOptions? options = null, Func<KubernetesClientConfiguration, KubernetesClientConfiguration>? configure = null, TimeProvider? time = null)
    {
        KubernetesClientConfiguration configuration = new KubernetesClientConfiguration { Server = Address };
        return new KubernetesClient(
            configure?.Invoke(configuration) ?? configuration,
            new KubernetesTypes().Add(WidgetJsonContext.Default.Widget),
            options ?? new KubernetesClientOptions { InitialBackoff = TimeSpan.FromMilliseconds(1), MaxBackoff = TimeSpan.FromMilliseconds(5) },
            time);
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        using StreamReader reader = new StreamReader(context.Request.Body);
        string body = await reader.ReadToEndAsync();
        _received.Enqueue(new ReceivedRequest(
            context.Request.Method,
            context.Request.Path + context.Request.QueryString.ToString(),
            context.Request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase),
            body));
        if (_script.TryDequeue(out RequestDelegate? answer))
        {
            await answer(context);
            return;
        }

        context.Response.StatusCode = StatusCodes.Status418ImATeapot;
        await context.Response.WriteAsync("The script of the test is over.");
    }
}
