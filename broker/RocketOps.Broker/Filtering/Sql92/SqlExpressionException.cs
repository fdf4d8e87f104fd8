namespace RocketOps.Broker.Filtering.Sql92;

/// <summary>An expression cannot be compiled; the message tells the consumer why, and where it can, with line and column from 1.</summary>
internal sealed class SqlExpressionException(string message) : Exception(message);
