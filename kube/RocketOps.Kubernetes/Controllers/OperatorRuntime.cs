using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Events;
using RocketOps.Kubernetes.Informers;

namespace RocketOps.Kubernetes.Controllers;

/// <summary>
/// Runs informers and events all the time, controllers only while leading. A standby therefore has warm caches and takes over at once.
/// </summary>
internal sealed partial class OperatorRuntime(
    IKubernetesClient client,
    OperatorSettings settings,
    IEnumerable<IInformerLoop> informers,
    IEnumerable<IControllerLoop> controllers,
    EventRecorder events,
    OperatorElector elector,
    TimeProvider time,
    ILogger<OperatorRuntime> logger) : BackgroundService
{
    private readonly IReadOnlyList<IInformerLoop> _informers = [.. informers];
    private readonly IReadOnlyList<IControllerLoop> _controllers = [.. controllers];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        LogStarting(logger, settings.Name, client.BaseAddress, settings.Namespaces.Count == 0 ? "all namespaces" : string.Join(", ", settings.Namespaces));

        // One failing for good (a bug: they retry everything else) takes the others down with it, and the host.
        using CancellationTokenSource all = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        List<Task> tasks = _informers.Select(i => i.RunAsync(all.Token))
            .Append(events.RunAsync(all.Token))
            .Append(ControlAsync(all.Token))
            .ToList();
        Task first = await Task.WhenAny(tasks);
        await all.CancelAsync();
        try
        {
            await Task.WhenAll(tasks);
        }
        catch (OperationCanceledException) when (first.IsCompletedSuccessfully || stoppingToken.IsCancellationRequested)
        {
            // Stopping.
        }
    }

    private async Task ControlAsync(CancellationToken cancellationToken)
    {
        await WaitForInformersAsync(cancellationToken);
        if (elector.Elector is { } election)
        {
            await election.RunAsync(RunControllersAsync, cancellationToken);
        }
        else
        {
            await RunControllersAsync(cancellationToken);
        }
    }

    private async Task WaitForInformersAsync(CancellationToken cancellationToken)
    {
        using CancellationTokenSource deadline = new(settings.SyncTimeout, time);
        using CancellationTokenSource linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        foreach (IInformerLoop informer in _informers)
        {
            try
            {
                await informer.WaitForSyncAsync(linked.Token);
            }
            catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
            {
                throw new TimeoutException(
                    $"{informer.Kind} could not be listed within {settings.SyncTimeout}: {informer.Problem ?? "no answer"}. Is the CRD installed and the operator allowed to list it?", e);
            }
        }
    }

    private async Task RunControllersAsync(CancellationToken cancellationToken)
    {
        string kinds = string.Join(", ", _controllers.Select(static c => c.Kind));
        LogRunning(logger, kinds);
        using CancellationTokenSource all = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        List<Task> tasks = _controllers.Select(c => c.RunAsync(all.Token)).ToList();
        if (tasks.Count == 0)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, time, cancellationToken);
            return;
        }

        await Task.WhenAny(tasks);
        await all.CancelAsync();
        await Task.WhenAll(tasks);
    }

    [LoggerMessage(EventId = 60, Level = LogLevel.Information, Message = "{Name} at {Server}, watching {Scope}")]
    private static partial void LogStarting(ILogger logger, string name, Uri server, string scope);

    [LoggerMessage(EventId = 61, Level = LogLevel.Information, Message = "Controllers at work: {Kinds}")]
    private static partial void LogRunning(ILogger logger, string kinds);
}
