namespace RocketOps.Operator.Hosting;

/// <summary>The API server's definitions are older than the operator, which does not begin.</summary>
internal sealed class OutdatedDefinitionsException(string message) : Exception(message);
