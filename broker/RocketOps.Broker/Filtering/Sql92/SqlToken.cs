namespace RocketOps.Broker.Filtering.Sql92;

/// <summary>A word of an expression.</summary>
/// <param name="Kind">Kind of the word.</param>
/// <param name="Start">Start of the word, in chars.</param>
/// <param name="Length">Length in chars; 0 at the end.</param>
internal readonly record struct SqlToken(SqlTokenKind Kind, int Start, int Length);
