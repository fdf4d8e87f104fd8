using System.Net;
using System.Security.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Embedded.Api;
using RocketOps.Embedded.Api.Builtins;
using RocketOps.Embedded.Api.CustomResources;
using RocketOps.Embedded.Api.Discovery;
using RocketOps.Embedded.Api.Http;
using RocketOps.Embedded.Api.Reading;
using RocketOps.Embedded.Api.Resources;
using RocketOps.Embedded.Api.Store;
using RocketOps.Embedded.Api.Writing;
using RocketOps.Hosting.Files;

namespace RocketOps.Embedded;

/// <summary>
/// A small Kubernetes API in this process: what kubectl and the operator ask of a kube-apiserver, over HTTPS on loopback. For local runs and tests, never
/// for production: one user, no admission, no protobuf, and no etcd behind it.
/// </summary>
public sealed class EmbeddedApiServer : IAsyncDisposable
{
    /// <summary>Version that <c>kubectl version</c> shows, and that the answers are modelled on.</summary>
    private const string GitVersion = "v1.34.4+rocketops";

    private readonly Parts _parts;

    private EmbeddedApiServer(Parts parts, Uri address)
    {
        _parts = parts;
        Address = address;
    }

    /// <summary><c>https://127.0.0.1:PORT</c>.</summary>
    public Uri Address { get; }

    /// <summary>The bearer token every request needs.</summary>
    public string Token => _parts.Identity.Token;

    /// <summary>The authority that signed the server's certificate, PEM.</summary>
    public string CaCertificatePem => _parts.Identity.CaPem;

    /// <summary>
    /// Called instead of serving a resource request, with what it asks for and with what serves it: for tests that need a server that fails. Null serves
    /// everything. May be replaced at any time.
    /// </summary>
    public Func<ApiCall, HttpContext, Func<Task>, Task>? Interceptor
    {
        get => _parts.Router.Interceptor;
        set => _parts.Router.Interceptor = value;
    }

    /// <summary>The newest resourceVersion of the server.</summary>
    public long ResourceVersion => _parts.Store.Version;

    /// <summary>Starts a server and returns when it answers.</summary>
    /// <exception cref="IOException">The port is taken or the data directory cannot be used.</exception>
    /// <exception cref="InvalidDataException">The object log is damaged.</exception>
    public static async Task<EmbeddedApiServer> StartAsync(EmbeddedApiOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ILoggerFactory loggers = options.LoggerFactory ?? NullLoggerFactory.Instance;
        CancellationTokenSource stopping = new();
        ServerIdentity identity = ServerIdentity.LoadOrCreate(Below(options.DataDirectory, "pki"), options.TimeProvider.GetUtcNow());
        ObjectStore store = new(options.WatchWindow, options.DataDirectory is null ? null : new ObjectLog(options.DataDirectory));
        try
        {
            BuiltinCatalog builtins = BuiltinCatalog.Instance;
            ResourceRegistry registry = new(builtins.Resources);
            ServiceAddresses addresses = new(store, options.ServiceSubnet);
            ObjectWriter writer = new(store, options.TimeProvider, addresses);
            ObjectDeleter deleter = new(store, options.TimeProvider);
            SystemObjects system = new(store, registry, writer, new CrdReader(builtins), options.TimeProvider);
            Projection projection = new();
            ListHandler lists = new(store, projection, options.TimeProvider);
            ApiRouter router = new(
                identity,
                registry,
                new DiscoveryDocuments(registry, GitVersion),
                new OpenApiDocuments(registry, builtins),
                lists,
                new WatchHandler(store, projection, options, stopping.Token),
                new WriteHandler(store, registry, writer, deleter, lists, projection, options, system),
                new PodHandlers(new(store, options, stopping.Token), new(store, stopping.Token), new(store, deleter)),
                options,
                loggers.CreateLogger<ApiRouter>());
            system.Prepare();
            WebApplication app = Build(options, identity, router);
            try
            {
                await app.StartAsync(cancellationToken);
            }
            catch
            {
                await app.DisposeAsync();
                throw;
            }

            ControlLoops loops = new(store, registry, writer, deleter, options, loggers.CreateLogger<ControlLoops>(), stopping.Token);
            loops.Start();
            string bound = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
            return new EmbeddedApiServer(new Parts(app, identity, store, router, system, loops, stopping), new Uri(bound));
        }
        catch
        {
            store.Dispose();
            identity.Dispose();
            stopping.Dispose();
            throw;
        }
    }

    /// <summary>Installs or updates the CustomResourceDefinitions of a YAML text; their resources are served when it returns. Other documents are refused.</summary>
    /// <exception cref="FormatException">Not a CRD, or one this server cannot serve.</exception>
    public void AddCrd(string yaml)
    {
        ArgumentNullException.ThrowIfNull(yaml);
        _parts.System.ApplyCrds(yaml);
    }

    /// <summary>The kubeconfig that reaches this server, as text.</summary>
    public string Kubeconfig(string defaultNamespace = "default") => $"""
        apiVersion: v1
        kind: Config
        clusters:
        - name: rocketops
          cluster:
            server: {Address.GetLeftPart(UriPartial.Authority)}
            certificate-authority-data: {Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(CaCertificatePem))}
        users:
        - name: rocketops
          user:
            token: {Token}
        contexts:
        - name: rocketops
          context:
            cluster: rocketops
            user: rocketops
            namespace: {defaultNamespace}
        current-context: rocketops

        """;

    /// <summary>Writes <see cref="Kubeconfig"/> to a file only its owner can read.</summary>
    public void WriteKubeconfig(string path, string defaultNamespace = "default")
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        WholeFile.Write(path, Kubeconfig(defaultNamespace), isPrivate: true);
    }

    /// <summary>Forgets the past: watches and lists from older versions are answered 410, as after compaction of a real server's store.</summary>
    public void ForgetHistory() => _parts.Store.ForgetHistory();

    public async ValueTask DisposeAsync()
    {
        // Watches end first, or the server would wait for them.
        await _parts.Stopping.CancelAsync();
        await _parts.Loops.DisposeAsync();
        using (CancellationTokenSource deadline = new(TimeSpan.FromSeconds(5)))
        {
            await _parts.App.StopAsync(deadline.Token);
        }

        await _parts.App.DisposeAsync();
        _parts.Store.Dispose();
        _parts.Identity.Dispose();
        _parts.Stopping.Dispose();
    }

    private static WebApplication Build(EmbeddedApiOptions options, ServerIdentity identity, ApiRouter router)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        if (options.LoggerFactory is { } loggers)
        {
            builder.Services.AddSingleton(loggers);
        }

        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;

            // Watches and followed logs may be silent for long, and each holds a stream; clients may wait for a processor.
            kestrel.Limits.MinResponseDataRate = kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.Http2.MaxStreamsPerConnection = 10_000;
            kestrel.Limits.MaxRequestBodySize = options.MaxBodyBytes + 1024;
            kestrel.Listen(IPAddress.Loopback, options.Port, listen =>
            {
                listen.Protocols = HttpProtocols.Http1AndHttp2;
                listen.UseHttps(https =>
                {
                    https.ServerCertificate = identity.Server;
                    https.HandshakeTimeout = TimeSpan.FromMinutes(3);
                    https.SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13;
                });
            });
        });
        WebApplication app = builder.Build();
        app.Run(new RequestDelegate(router.HandleAsync));
        return app;
    }

    private static string? Below(string? directory, string name) => directory is null ? null : Path.Combine(directory, name);

    private sealed record Parts(
        WebApplication App, ServerIdentity Identity, ObjectStore Store, ApiRouter Router, SystemObjects System, ControlLoops Loops, CancellationTokenSource Stopping);
}
