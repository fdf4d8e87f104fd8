namespace RocketOps.Remoting.Connections;

/// <summary>The connection was given up because its peer had been silent for the whole time of a request.</summary>
/// <param name="message">The message.</param>
public sealed class PeerSilentException(string message) : IOException(message);
