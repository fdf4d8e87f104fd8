using System.Buffers;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RocketOps.Remoting.Server.Connections;

namespace RocketOps.Remoting.Server.Kestrel;

/// <summary>
/// Kestrel: the HTTP port, and the remoting ports where there is no event loop (then tuned with 64 KiB blocks and inline scheduling, performance.md §11.2). A class of its own, so
/// that a server that needs none of it does not load it.
/// </summary>
internal sealed class HttpServer : IAsyncDisposable
{
    private readonly WebApplication _application;

    private HttpServer(WebApplication application, int remotingPorts)
    {
        _application = application;
        IPEndPoint[] bound = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses
            .Select(address => new Uri(address))
            .Select(address => new IPEndPoint(IPAddress.Parse(address.Host.Trim('[', ']')), address.Port))
            .ToArray();

        // Kestrel lists addresses in the order of the Listen calls: the remoting ports, then HTTP.
        EndPoints = bound[..remotingPorts];
        HttpEndPoint = bound.Length > remotingPorts ? bound[^1] : null;
    }

    public IReadOnlyList<IPEndPoint> EndPoints { get; }

    public IPEndPoint? HttpEndPoint { get; }

    /// <summary>Binds and starts serving. Throws <see cref="IOException"/> when a port is taken.</summary>
    /// <param name="options">What is served.</param>
    /// <param name="handler">The remoting ports' handler; null when they are not Kestrel's.</param>
    /// <param name="loggers">Where Kestrel logs.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    public static async Task<HttpServer> StartAsync(RemotingServerOptions options, RemotingConnectionHandler? handler, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        WebApplication application = Build(options, handler, loggers);
        try
        {
            await application.StartAsync(cancellationToken);
        }
        catch
        {
            await application.DisposeAsync();
            throw;
        }

        return new HttpServer(application, handler is null ? 0 : options.EndPoints.Count);
    }

    public Task StopAsync(CancellationToken deadline) => _application.StopAsync(deadline);

    public ValueTask DisposeAsync() => _application.DisposeAsync();

    private static WebApplication Build(RemotingServerOptions options, RemotingConnectionHandler? handler, ILoggerFactory loggers)
    {
        // The empty builder reads no configuration files and registers no providers: start-up is measured.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "RocketOps" });
        builder.WebHost.UseKestrelCore();
        builder.Services.Replace(ServiceDescriptor.Singleton(loggers));
        builder.Services.Replace(ServiceDescriptor.Singleton<IHostLifetime, NoLifetime>());
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.ShutdownTimeout);
        if (handler is not null)
        {
            builder.Services.AddSingleton(handler);
            builder.Services.Replace(ServiceDescriptor.Singleton<IMemoryPoolFactory<byte>>(new LargeBlockMemoryPoolFactory()));
            builder.Services.Configure<SocketTransportOptions>(transport =>
            {
                transport.UnsafePreferInlineScheduling = true;
                transport.NoDelay = true;
                transport.Backlog = 1024;
                transport.MaxReadBufferSize = 1024 * 1024;
                transport.MaxWriteBufferSize = 1024 * 1024;
            });
        }

        builder.Services.Configure<KestrelServerOptions>(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = options.MaxConnections;
            if (handler is not null)
            {
                foreach (IPEndPoint endPoint in options.EndPoints)
                {
                    kestrel.Listen(endPoint, listen => listen.UseConnectionHandler<RemotingConnectionHandler>());
                }
            }

            if (options.HttpEndPoint is not null)
            {
                kestrel.Listen(options.HttpEndPoint, listen => listen.Protocols = HttpProtocols.Http1);
            }
        });
        WebApplication application = builder.Build();
        options.ConfigureHttp?.Invoke(application);
        return application;
    }
}
