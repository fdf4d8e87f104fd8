using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using RocketOps.Kubernetes.Client.Configuration;
using RocketOps.Kubernetes.Controllers;
using RocketOps.Operator.Metrics;
using RocketOps.Operator.Settings;

namespace RocketOps.Operator.Hosting;

/// <summary>The operator inside another program: the same controllers as in a cluster, without a port of their own.</summary>
public sealed class OperatorHost : IAsyncDisposable
{
    private readonly IHost _host;
    private readonly BackgroundService[] _programs;
    private bool _disposed;

    private OperatorHost(IHost host)
    {
        _host = host;
        _programs = OperatorFailure.Programs(host.Services);
        Stopped = host.WaitForShutdownAsync();
    }

    /// <summary>Ends when the operator has stopped, by itself or because it was told to.</summary>
    public Task Stopped { get; }

    /// <summary>The failure that ended the operator; null while it runs or when it was told to stop.</summary>
    public Exception? Failure => OperatorFailure.Of(_programs);

    /// <summary>Null when every kind was listed once and goes on being watched; otherwise what is missing.</summary>
    public string? ReadyProblem => _host.Services.GetRequiredService<OperatorHealth>().ReadyProblem();

    /// <summary>The operator's figures in Prometheus' text format.</summary>
    internal string Metrics => _host.Services.GetRequiredService<PrometheusPage>().Render();

    /// <param name="configuration">The API server and who we are there.</param>
    /// <param name="options">How to work.</param>
    /// <param name="configure">Logging, a clock, other doubles: called after the operator's own services were added.</param>
    /// <param name="cancellationToken">Ends the start, not the operator.</param>
    public static async Task<OperatorHost> StartAsync(
        KubernetesClientConfiguration configuration, OperatorOptions options, Action<IServiceCollection>? configure = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(options);

        // Empty: the surrounding program has the signals, the console and the configuration.
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddSingleton<IHostLifetime, SilentLifetime>();
        builder.Services.AddKubernetesClient(_ => configuration);
        builder.Services.AddRocketOpsOperator(options);
        configure?.Invoke(builder.Services);
        IHost host = builder.Build();
        try
        {
            await host.StartAsync(cancellationToken);
        }
        catch
        {
            host.Dispose();
            throw;
        }

        return new OperatorHost(host);
    }

    /// <summary>Stops the operator; clusters and topics stay as they are.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        await _host.StopAsync(CancellationToken.None);
        await Stopped;
        _disposed = true;
        if (_host is IAsyncDisposable disposable)
        {
            await disposable.DisposeAsync();
        }
        else
        {
            _host.Dispose();
        }
    }

    /// <summary>Leaves Ctrl-C and SIGTERM to the surrounding program, which stops things in its own order.</summary>
    private sealed class SilentLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
