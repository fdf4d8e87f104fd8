using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Masters;

/// <summary>Last answers of one name server and all masters of a cluster about what they have.</summary>
/// <param name="Masters">One per wanted group; empty when no name server ever answered.</param>
/// <param name="Silence">Name servers do not answer; null when they do.</param>
internal sealed record MasterRound<TEntry>(IReadOnlyList<RoundMaster<TEntry>> Masters, Away? Silence)
    where TEntry : class;

/// <summary>A master and what it has.</summary>
/// <param name="Broker">Name of the group.</param>
/// <param name="Address">Of the master, <c>host:port</c>; null while none is registered.</param>
/// <param name="Table">By name; null while the master is away.</param>
/// <param name="Away">Why nothing is known of it; null when something is.</param>
internal sealed record RoundMaster<TEntry>(string Broker, string? Address, MasterTable<TEntry>? Table, Away? Away)
    where TEntry : class;

/// <summary>Somebody is not there, or does not answer.</summary>
/// <param name="Problem">For people.</param>
/// <param name="IsLong">For longer than a restart takes.</param>
internal sealed record Away(Problem Problem, bool IsLong);
