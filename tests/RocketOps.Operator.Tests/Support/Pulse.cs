using System.Collections.Concurrent;
using RocketOps.Embedded;

namespace RocketOps.Operator.Tests.Support;

/// <summary>Wakes players when something has changed, so that they look at the cluster then and not all the time. Thread-safe.</summary>
internal sealed class Pulse
{
    /// <summary>What nobody announces is seen after so long.</summary>
    private static readonly TimeSpan Unannounced = TimeSpan.FromMilliseconds(250);

    private readonly ConcurrentBag<SemaphoreSlim> _players = [];

    /// <summary>Whether players have to do with what is asked for: what users write is the operator's business, and what that reports nobody's.</summary>
    public static bool IsNews(ApiCall call) =>
        call is { Verb: "create" or "update" or "patch" or "delete" or "deletecollection", Resource: not ("events" or "brokerclusters" or "topics" or "consumergroups") };

    /// <returns>What a player waits with for the next change after its last wait ended.</returns>
    public Func<CancellationToken, Task> Join()
    {
        SemaphoreSlim player = new(0);
        _players.Add(player);
        return async cancellationToken =>
        {
            await player.WaitAsync(Unannounced, cancellationToken);
            while (player.Wait(0, CancellationToken.None))
            {
                // Several changes are one reason to look.
            }
        };
    }

    public void Beat()
    {
        foreach (SemaphoreSlim player in _players)
        {
            player.Release();
        }
    }
}
