namespace RocketOps.Operator.Definitions;

/// <summary>The API server's definitions are older than the operator, which does not work with them.</summary>
internal sealed class OutdatedDefinitionsException(string message) : Exception(message);
