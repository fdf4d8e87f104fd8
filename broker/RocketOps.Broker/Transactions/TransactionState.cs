namespace RocketOps.Broker.Transactions;

/// <summary>State of the transactions that are open, which outlives the sessions of masters.</summary>
/// <param name="Topics">Where halves wait and where is noted how they ended.</param>
/// <param name="Halves">Halves that are not behind the checks' progress.</param>
/// <param name="Progress">How far the checks have come.</param>
/// <param name="Figures">Counters of what the checks did.</param>
internal sealed record TransactionState(TransactionTopics Topics, HalfMessageTable Halves, CheckProgress Progress, TransactionFigures Figures);
