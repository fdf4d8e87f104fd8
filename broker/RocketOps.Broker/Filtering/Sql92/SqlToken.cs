namespace RocketOps.Broker.Filtering.Sql92;

/// <summary>A word of an expression.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Start">Where it begins, in chars.</param>
/// <param name="Length">In chars; 0 at the end.</param>
internal readonly record struct SqlToken(SqlTokenKind Kind, int Start, int Length);
