using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using RocketOps.Client;
using RocketOps.Embedded;
using RocketOps.Kubernetes.Client.Configuration;
using RocketOps.Kubernetes.Controllers;
using RocketOps.Operator.Admin;
using RocketOps.Operator.Hosting;
using RocketOps.Operator.Settings;
using RocketOps.Operator.Tests.Support;
using RocketOps.Testing;

namespace RocketOps.Operator.Tests.Crashes;

/// <summary>One of several operators that compete for a lease. It can be made to stand still in the middle of a write: it, its timers and its other requests.</summary>
/// <param name="agent">As whom it comes to the API server.</param>
internal sealed class StandingOperator(string agent) : IAsyncDisposable
{
    /// <summary>Longer than any machine is busy: who leads changes when a test wants it to.</summary>
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(10);

    private readonly StoppedTime _time = new();
    private readonly TaskCompletionSource _goesOn = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<Exception?> _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _hasStood;
    private OperatorHost? _host;
    private int _looks;

    public string Agent => agent;

    public bool IsStanding => _hasStood && !_goesOn.Task.IsCompleted;

    /// <summary>How often it has asked for a lease.</summary>
    public int Looks => Volatile.Read(ref _looks);

    /// <summary>Its writes since it goes on, but for the one it stood still at.</summary>
    public ConcurrentQueue<string> Written { get; } = new();

    public async Task StartAsync(KubernetesClientConfiguration server, IRocketMqAdmin admin, string ns) => _host = await OperatorHost.StartAsync(
        server,
        new OperatorOptions
        {
            Namespaces = [ns],
            Images = new OperatorImages("test/broker:1", "test/nameserver:1"),
            ProgressInterval = TimeSpan.FromMilliseconds(30),
            ResyncInterval = TimeSpan.FromMilliseconds(100),
            RouteRefreshGrace = TimeSpan.Zero,
            MasterRestartPause = TimeSpan.Zero,
            ConfigRefreshGrace = TimeSpan.Zero,
            AdminTimeout = Eventually.DefaultDeadline,
        },
        services =>
        {
            services.AddSingleton<IRocketMqAdminFactory>(new FakeAdminFactory(admin));
            services.AddSingleton<TimeProvider>(_time);

            // Never gives an answer up that is held back.
            services.MakeQuick(server, agent, TimeSpan.FromHours(1));
            OperatorSettings settings = (OperatorSettings)services.First(static service => service.ServiceType == typeof(OperatorSettings)).ImplementationInstance!;
            settings.LeaseDuration = Lease;
            settings.RenewDeadline = Lease / 2;
            settings.RetryPeriod = TimeSpan.FromMilliseconds(100);
        });

    /// <summary>A lease that it has seen is over for it, whoever holds it, if nobody renews it.</summary>
    public void OutwaitLease() => _time.Pass(Lease + TimeSpan.FromSeconds(1));

    /// <summary>Stands still with this request on its way.</summary>
    /// <param name="serve">Does it, or throws what it is refused with.</param>
    public async Task StandAsync(Func<Task> serve)
    {
        _time.Stop();
        _hasStood = true;
        await _goesOn.Task;
        try
        {
            await serve();
            _answered.TrySetResult(null);
        }
        catch (Exception refusal)
        {
            _answered.TrySetResult(refusal);
            throw;
        }
    }

    /// <summary>Goes on, longer after than its lease lasts. What it had on its way comes first: the network did not stand still.</summary>
    /// <returns>What that was refused with; null when it was taken.</returns>
    public async Task<Exception?> GoOnAsync()
    {
        OutwaitLease();
        _goesOn.TrySetResult();
        Exception? refusal = await _answered.Task;
        _time.GoOn();
        return refusal;
    }

    /// <summary>A request to the API server.</summary>
    public async Task ServeAsync(ApiCall call, Func<Task> serve)
    {
        if (_hasStood)
        {
            await _goesOn.Task;
            if (call is { Verb: "create" or "update" or "patch" or "delete", Resource: not ("events" or "leases") })
            {
                Written.Enqueue($"{call.Verb} {call.Resource} {call.Name}");
            }
        }

        await serve();
        if (call is { Verb: "get", Resource: "leases" })
        {
            Interlocked.Increment(ref _looks);
        }
    }

    /// <summary>A request to a broker or name server.</summary>
    public async Task AskAsync(string request, bool isWrite, Func<Task> send)
    {
        if (_hasStood)
        {
            await _goesOn.Task;
            if (isWrite)
            {
                Written.Enqueue(request);
            }
        }

        await send();
    }

    public async ValueTask DisposeAsync()
    {
        _goesOn.TrySetResult();
        _time.GoOn();
        if (_host is { } host)
        {
            await host.DisposeAsync();
        }
    }
}
