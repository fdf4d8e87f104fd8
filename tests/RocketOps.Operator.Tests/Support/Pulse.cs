using System.Collections.Concurrent;
using RocketOps.Embedded;

namespace RocketOps.Operator.Tests.Support;

/// <summary>Wakes players when something has changed, so that they look at the cluster then and not all the time. Thread-safe.</summary>
internal sealed class Pulse
{
    /// <summary>What nobody announces is seen after so long.</summary>
    private static readonly TimeSpan Unannounced = TimeSpan.FromMilliseconds(250);

    /// <summary>Between two looks where nothing is announced.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(15);

    private readonly ConcurrentBag<SemaphoreSlim> _players = [];
    private readonly ConcurrentDictionary<string, long> _changes = new(StringComparer.Ordinal);

    /// <summary>Whether players have to do with what is asked for: what users write is the operator's business, and what that reports nobody's.</summary>
    public static bool IsNews(ApiCall call) =>
        call is { Verb: "create" or "update" or "patch" or "delete" or "deletecollection", Resource: not ("events" or "brokerclusters" or "topics" or "consumergroups") };

    /// <param name="pulse">Tells of changes; null to look again and again.</param>
    /// <returns>What a player waits with for the next change after its last wait ended; false: nothing was announced.</returns>
    public static Func<CancellationToken, Task<bool>> Join(Pulse? pulse) => pulse?.Join() ?? PauseAsync;

    private static async Task<bool> PauseAsync(CancellationToken cancellationToken)
    {
        await Task.Delay(Pause, cancellationToken);
        return false;
    }

    private Func<CancellationToken, Task<bool>> Join()
    {
        SemaphoreSlim player = new(0);
        _players.Add(player);
        return async cancellationToken =>
        {
            bool isAnnounced = await player.WaitAsync(Unannounced, cancellationToken);
            while (player.Wait(0, CancellationToken.None))
            {
                // Several changes are one reason to look.
            }

            return isAnnounced;
        };
    }

    /// <summary>How often objects of this kind have changed, as far as that was announced.</summary>
    public long Changes(string resource) => _changes.GetValueOrDefault(resource);

    /// <summary>How often any object has.</summary>
    public long AllChanges => _changes.Values.Sum();

    /// <summary>Objects of this kind have changed.</summary>
    public void Beat(string resource)
    {
        _changes.AddOrUpdate(resource, 1, static (_, count) => count + 1);
        Beat();
    }

    /// <summary>What players go by has changed, but no object.</summary>
    public void Beat()
    {
        foreach (SemaphoreSlim player in _players)
        {
            player.Release();
        }
    }
}
