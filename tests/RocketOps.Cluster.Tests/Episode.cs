namespace RocketOps.Cluster.Tests;

/// <summary>Something that happens to the group under load, and what clients have noticed of it since it began.</summary>
internal sealed class Episode
{
    private readonly MessageOracle _oracle;
    private readonly string _what;
    private readonly long _epoch;
    private readonly int _sent;
    private readonly IReadOnlyList<string> _failed;
    private readonly IReadOnlyList<Receipt> _repeats;

    private Episode(MessageOracle oracle, string what, string master, long epoch, (int Sent, IReadOnlyList<string> Failed) before, IReadOnlyList<Receipt> repeats)
    {
        _oracle = oracle;
        _what = what;
        Master = master;
        _epoch = epoch;
        (_sent, _failed) = before;
        _repeats = repeats;
    }

    /// <summary>Who leads when it begins.</summary>
    public string Master { get; }

    public static async Task<Episode> BeginAsync(MessageOracle oracle, string what) =>
        new(oracle, what, await AutomaticCluster.MasterAsync(), await AutomaticCluster.EpochAsync(), await oracle.CountAsync(), await oracle.RepeatsAsync());

    /// <summary>A new epoch has begun since.</summary>
    public Task ReplacedAsync() => AutomaticCluster.ReplacedAsync(_epoch, _what);

    public async Task<Toll> TollAsync()
    {
        (int sent, IReadOnlyList<string> failed) = await _oracle.CountAsync();
        return new Toll(sent - _sent, [.. failed.Except(_failed, StringComparer.Ordinal)], [.. (await _oracle.RepeatsAsync()).Except(_repeats)]);
    }

    /// <param name="Sent">Sends that ended meanwhile.</param>
    /// <param name="Failed">Those of them that failed, as the client tells of them.</param>
    /// <param name="Repeats">What consumers got again.</param>
    internal sealed record Toll(int Sent, IReadOnlyList<string> Failed, IReadOnlyList<Receipt> Repeats);
}
