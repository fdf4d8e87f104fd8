namespace RocketOps.Kubernetes.Client;

/// <summary>An object that the API server holds and that does not fit its type here.</summary>
public sealed record UnreadableObject(string? Namespace, string Name, string Reason);
