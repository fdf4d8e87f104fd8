using System.Collections.Concurrent;
using System.Globalization;
using RocketOps.Embedded;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Client.Configuration;
using RocketOps.Kubernetes.Client.Transport;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Tests.Support;
using RocketOps.Testing;

namespace RocketOps.Operator.Tests.Crashes;

/// <summary>One embedded API server for many worlds, each a namespace with an operator of its own.</summary>
public sealed class CrashServer : IAsyncLifetime
{
    /// <summary>So many at a time: a world waits most of its time, but starts operators in between.</summary>
    private const int MostWorlds = 8;

    private readonly ConcurrentDictionary<string, OperatorLife> _lives = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Pulse> _pulses = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(string Fate, string Scenario), Task<string>> _runs = new();
    private readonly Dictionary<string, Task<UndisturbedRun>> _clean = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _room = new(MostWorlds);
    private EmbeddedApiServer _api = null!;
    private int _worlds;

    internal KubernetesClientConfiguration Configuration { get; private set; } = null!;

    internal KubernetesClient Client { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        _api = await EmbeddedApiServer.StartAsync(new EmbeddedApiOptions());
        _api.DefineAll();
        _api.Interceptor = async (call, context, serve) =>
        {
            await (_lives.TryGetValue(context.Request.Headers.UserAgent.ToString(), out OperatorLife? life) ? life.ServeAsync(call, context, serve) : serve());
            if (Pulse.IsNews(call))
            {
                _pulses.GetValueOrDefault(call.Namespace)?.Beat(call.Resource);
            }
        };
        Configuration = new KubernetesClientConfiguration { Server = _api.Address, Token = _api.Token, CertificateAuthorityPem = _api.CaCertificatePem };
        Client = new KubernetesClient(
            Configuration,
            new KubernetesTypes().Add(OperatorJsonContext.Default.BrokerCluster).Add(OperatorJsonContext.Default.Topic),
            new KubernetesClientOptions { UserAgent = "test", RequestsPerSecond = 100_000, Burst = 100_000, RequestTimeout = Eventually.DefaultDeadline });
    }

    public async Task DisposeAsync()
    {
        // Runs of scenarios that nobody asked for are not awaited by a test.
        await Task.WhenAll(_runs.Values).ContinueWith(static _ => { }, TaskScheduler.Default);
        Client.Dispose();
        _room.Dispose();
        await _api.DisposeAsync();
    }

    internal async Task<CrashWorld> WorldAsync(CacheLags? lags = null)
    {
        string ns = string.Create(CultureInfo.InvariantCulture, $"world-{Interlocked.Increment(ref _worlds):0000}");
        await _room.WaitAsync();
        CrashWorld world = new(this, ns, lags);
        try
        {
            await Client.CreateAsync(new Namespace { Metadata = new ObjectMeta { Name = ns } });
            await world.StartOperatorAsync();
            return world;
        }
        catch
        {
            // Gives the room back: later worlds would wait for it in vain.
            await world.DisposeAsync();
            throw;
        }
    }

    internal Pulse PulseOf(string ns) => _pulses.GetOrAdd(ns, static _ => new Pulse());

    internal void Leave(string ns)
    {
        _pulses.TryRemove(ns, out _);
        _room.Release();
    }

    internal Task<UndisturbedRun> CleanAsync(string scenario, Func<string, Task<UndisturbedRun>> run)
    {
        lock (_clean)
        {
            return _clean.TryGetValue(scenario, out Task<UndisturbedRun>? known) ? known : _clean[scenario] = run(scenario);
        }
    }

    /// <summary>Runs a test of one scenario together with those of the others: they wait for each other no more than for the processor.</summary>
    /// <returns>What it has to tell.</returns>
    internal Task<string> RunAsync(string fate, string scenario, IEnumerable<string> all, Func<string, Task<string>> run)
    {
        foreach (string other in all)
        {
            _ = _runs.GetOrAdd((fate, other), key => Task.Run(() => run(key.Scenario)));
        }

        return _runs[(fate, scenario)];
    }

    internal void Register(OperatorLife life) => _lives[life.Agent] = life;
}
