namespace RocketOps.Remoting.Connections;

/// <summary>No answer was read in time because this program's thread pool is busy; the peer may have answered.</summary>
/// <param name="message">The message.</param>
public sealed class ProgramBusyException(string message) : TimeoutException(message);
