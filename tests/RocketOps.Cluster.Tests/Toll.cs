namespace RocketOps.Cluster.Tests;

/// <summary>What clients have noticed of something that happened to the group.</summary>
/// <param name="What">What it was.</param>
/// <param name="Sent">Sends that ended meanwhile.</param>
/// <param name="Failed">Those of them that failed, as the client tells of them.</param>
/// <param name="Repeats">What consumers got again.</param>
/// <param name="Silence">The longest time in which nothing was stored that was acknowledged.</param>
/// <param name="ServedAfter">How long after it began every producer had been acknowledged a hundred messages behind it.</param>
internal sealed record Toll(string What, int Sent, IReadOnlyList<string> Failed, IReadOnlyList<Receipt> Repeats, TimeSpan Silence, TimeSpan ServedAfter);
