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
using RocketOps.Remoting.Connections;

namespace RocketOps.Remoting.Server;

/// <summary>
/// The server end: Kestrel, tuned as performance.md §11.2 measured it (64 KiB blocks, inline scheduling; inline completions by <see cref="EnableInlineCompletions"/>),
/// with a <see cref="RequestHandlerRegistry"/> behind its remoting ports and optionally an HTTP port.
/// </summary>
public sealed class RemotingServer : IAsyncDisposable
{
    private const string InlineCompletionsVariable = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";

    private static readonly TimeSpan IdleScanInterval = TimeSpan.FromSeconds(10);

    private readonly WebApplication _application;
    private readonly RemotingConnectionHandler _handler;
    private readonly ITimer _idleScan;
    private readonly TimeSpan _shutdownTimeout;
    private bool _stopped;

    private RemotingServer(WebApplication application, RemotingConnectionHandler handler, ITimer idleScan, RemotingServerOptions options)
    {
        _application = application;
        _handler = handler;
        _idleScan = idleScan;
        _shutdownTimeout = options.ShutdownTimeout;
        IPEndPoint[] bound = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses
            .Select(address => new Uri(address))
            .Select(address => new IPEndPoint(IPAddress.Parse(address.Host.Trim('[', ']')), address.Port))
            .ToArray();

        // Kestrel lists addresses in the order of the Listen calls: the remoting ports, then HTTP.
        EndPoints = bound[..options.EndPoints.Count];
        HttpEndPoint = bound.Length > options.EndPoints.Count ? bound[^1] : null;
    }

    /// <summary>The bound remoting addresses with their real ports, in the order of the options.</summary>
    public IReadOnlyList<IPEndPoint> EndPoints { get; }

    /// <summary>The first of <see cref="EndPoints"/>.</summary>
    public IPEndPoint EndPoint => EndPoints[0];

    /// <summary>The bound HTTP address, or null without one.</summary>
    public IPEndPoint? HttpEndPoint { get; }

    /// <summary>The connections open at this moment.</summary>
    public ICollection<RemotingConnection> Connections => _handler.Connections;

    /// <summary>
    /// Makes sockets run completions on the polling thread. To be called first thing in a server's Program, as the runtime reads it once before the first socket.
    /// Every blocking call on a connection's loop then stalls all connections of that thread: handlers must not block.
    /// </summary>
    public static void EnableInlineCompletions()
    {
        if (Environment.GetEnvironmentVariable(InlineCompletionsVariable) is null)
        {
            Environment.SetEnvironmentVariable(InlineCompletionsVariable, "1");
        }
    }

    /// <summary>Binds and starts serving. Throws <see cref="IOException"/> when a port is taken.</summary>
    public static async Task<RemotingServer> StartAsync(
        RemotingServerOptions options, RequestHandlerRegistry handlers, ILoggerFactory loggers, TimeProvider? time = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        time ??= TimeProvider.System;
        RemotingConnectionHandler handler = new(handlers, options.Remoting, time, loggers.CreateLogger("RocketOps.Remoting.Connection"));
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

        ITimer idleScan = time.CreateTimer(static state => ((RemotingConnectionHandler)state!).CloseIdle(), handler, IdleScanInterval, IdleScanInterval);
        return new RemotingServer(application, handler, idleScan, options);
    }

    /// <summary>Stops accepting, lets every connection answer what it has taken, then closes; cuts what is left after the shutdown timeout. Idempotent.</summary>
    public async Task StopAsync()
    {
        if (_stopped)
        {
            return;
        }

        _stopped = true;
        await _idleScan.DisposeAsync();
        using CancellationTokenSource deadline = new(_shutdownTimeout);
        await _application.StopAsync(deadline.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await _application.DisposeAsync();
    }

    private static WebApplication Build(RemotingServerOptions options, RemotingConnectionHandler handler, ILoggerFactory loggers)
    {
        // The empty builder reads no configuration files and registers no providers: start-up is measured.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "RocketOps" });
        builder.WebHost.UseKestrelCore();
        builder.Services.Replace(ServiceDescriptor.Singleton(loggers));
        builder.Services.Replace(ServiceDescriptor.Singleton<IHostLifetime, NoLifetime>());
        builder.Services.AddSingleton(handler);
        builder.Services.Replace(ServiceDescriptor.Singleton<IMemoryPoolFactory<byte>>(new LargeBlockMemoryPoolFactory()));
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.ShutdownTimeout);
        builder.Services.Configure<SocketTransportOptions>(transport =>
        {
            transport.UnsafePreferInlineScheduling = true;
            transport.NoDelay = true;
            transport.Backlog = 1024;
            transport.MaxReadBufferSize = 1024 * 1024;
            transport.MaxWriteBufferSize = 1024 * 1024;
        });
        builder.Services.Configure<KestrelServerOptions>(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = options.MaxConnections;
            foreach (IPEndPoint endPoint in options.EndPoints)
            {
                kestrel.Listen(endPoint, listen => listen.UseConnectionHandler<RemotingConnectionHandler>());
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
