using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RocketOps.Remoting.Server.Connections;

namespace RocketOps.Remoting.Server.Http;

/// <summary>The HTTP port, which is Kestrel's. A class of its own, so that a server without one does not load it.</summary>
internal sealed class HttpServer : IAsyncDisposable
{
    private readonly WebApplication _application;

    private HttpServer(WebApplication application)
    {
        _application = application;
        Uri bound = new(application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        EndPoint = new IPEndPoint(IPAddress.Parse(bound.Host.Trim('[', ']')), bound.Port);
    }

    public IPEndPoint EndPoint { get; }

    /// <summary>Binds and starts serving. Throws <see cref="IOException"/> when the port is taken.</summary>
    /// <param name="endPoint">The port; 0 takes a free one.</param>
    /// <param name="options">The pages, and limits of the server.</param>
    /// <param name="loggers">Where Kestrel logs.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    public static async Task<HttpServer> StartAsync(IPEndPoint endPoint, RemotingServerOptions options, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        WebApplication application = Build(endPoint, options, loggers);
        try
        {
            await application.StartAsync(cancellationToken);
        }
        catch
        {
            await application.DisposeAsync();
            throw;
        }

        return new HttpServer(application);
    }

    public Task StopAsync(CancellationToken deadline) => _application.StopAsync(deadline);

    public ValueTask DisposeAsync() => _application.DisposeAsync();

    private static WebApplication Build(IPEndPoint endPoint, RemotingServerOptions options, ILoggerFactory loggers)
    {
        // The empty builder reads no configuration files and registers no providers: start-up is measured.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "RocketOps" });
        builder.WebHost.UseKestrelCore();
        builder.Services.Replace(ServiceDescriptor.Singleton(loggers));
        builder.Services.Replace(ServiceDescriptor.Singleton<IHostLifetime, NoLifetime>());
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.ShutdownTimeout);
        builder.Services.Configure<KestrelServerOptions>(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = options.MaxConnections;
            kestrel.Listen(endPoint, static listen => listen.Protocols = HttpProtocols.Http1);
        });
        WebApplication application = builder.Build();
        options.ConfigureHttp?.Invoke(application);
        return application;
    }
}
