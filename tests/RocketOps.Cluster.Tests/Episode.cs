using System.Diagnostics;
using RocketOps.Testing.Rings;

namespace RocketOps.Cluster.Tests;

/// <summary>Something that happens to the group under load, and what clients have noticed of it since it began.</summary>
internal sealed class Episode
{
    private readonly Stopwatch _lasts = Stopwatch.StartNew();
    private readonly MessageOracle _oracle;
    private readonly string _what;
    private readonly string _master;
    private readonly long _epoch;
    private readonly int _sent;
    private readonly IReadOnlyList<string> _failed;
    private readonly IReadOnlyList<Receipt> _repeats;
    private readonly int _received;

    private Episode(MessageOracle oracle, string what, string master, long epoch, (int Sent, IReadOnlyList<string> Failed) before, IReadOnlyList<Receipt> repeats, int received)
    {
        _oracle = oracle;
        _what = what;
        _master = master;
        _epoch = epoch;
        (_sent, _failed) = before;
        _repeats = repeats;
        _received = received;
    }

    /// <summary>
    /// Lets it happen and returns when the group is whole again: messages flow, all members are in sync and serve, whoever leads is told of alike everywhere, and consumers have all that was acknowledged until then. In the deep ring
    /// they have also told the master so.
    /// </summary>
    /// <param name="oracle">Whose clients are at work.</param>
    /// <param name="what">Its name.</param>
    /// <param name="happenAsync">Is given the name of the master.</param>
    /// <param name="changesMaster">A new epoch has to begin.</param>
    public static async Task<Toll> RunAsync(MessageOracle oracle, string what, Func<string, Task> happenAsync, bool changesMaster = true)
    {
        Episode episode = new(oracle, what, await AutomaticCluster.MasterAsync(), await AutomaticCluster.EpochAsync(), await oracle.CountAsync(), await oracle.RepeatsAsync(), await oracle.ReceivedAsync());
        await happenAsync(episode._master);
        await (changesMaster ? AutomaticCluster.ReplacedAsync(episode._epoch, what) : Task.CompletedTask);
        await oracle.ServedAsync(what);
        TimeSpan servedAfter = episode._lasts.Elapsed;
        await AutomaticCluster.WholeAsync(what);
        await (changesMaster ? AutomaticCluster.StoryAsync(what) : Task.CompletedTask);
        await (Depth.IsDeep ? AutomaticCluster.FollowedAsync(oracle, what) : Task.CompletedTask);
        await oracle.AllReceivedAsync();
        return await episode.TollAsync(servedAfter);
    }

    private async Task<Toll> TollAsync(TimeSpan servedAfter)
    {
        (int sent, IReadOnlyList<string> failed) = await _oracle.CountAsync();
        return new Toll(
            _what,
            sent - _sent,
            [.. failed.Except(_failed, StringComparer.Ordinal)],
            [.. (await _oracle.RepeatsAsync()).Except(_repeats)],
            await _oracle.LongestSilenceAsync(_received),
            servedAfter);
    }
}
