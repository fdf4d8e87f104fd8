using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using RocketOps.Client.Diagnostics;

namespace RocketOps.Client.Routing;

/// <summary>
/// Refreshes routes in the background after sends have failed, with one question per topic at a time: many sends fail together.
/// Thread-safe.
/// </summary>
/// <param name="routes">Routes of the client.</param>
/// <param name="logger">Log.</param>
/// <param name="stopping">Cancelled when the client ends.</param>
internal sealed class BackgroundRefresh(RouteCache routes, ILogger logger, CancellationToken stopping)
{
    // As many entries as questions under way.
    private readonly ConcurrentDictionary<string, bool> _underWay = new(StringComparer.Ordinal);

    /// <summary>Begins to refresh the route of a topic, unless that is under way. Returns at once; a failure is logged.</summary>
    public void Begin(string topic)
    {
        if (_underWay.TryAdd(topic, true))
        {
            _ = RefreshAsync(topic);
        }
    }

    private async Task RefreshAsync(string topic)
    {
        try
        {
            await routes.RefreshIfOldAsync(topic, stopping).ConfigureAwait(false);
        }
        catch (RocketMqException) when (stopping.IsCancellationRequested)
        {
            // The client ends.
        }
        catch (RocketMqException unanswered)
        {
            ClientLog.RouteRefreshFailed(logger, unanswered.LogLevel, topic, unanswered.Message);
        }
        catch (Exception closed) when (closed is OperationCanceledException or ObjectDisposedException)
        {
            // The client ends.
        }
        catch (Exception unforeseen)
        {
            ClientLog.BackgroundBroken(logger, unforeseen, $"the refreshing of the route of {topic}");
        }
        finally
        {
            _underWay.TryRemove(topic, out _);
        }
    }
}
