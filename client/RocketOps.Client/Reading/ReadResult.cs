namespace RocketOps.Client;

/// <summary>Result of a read of a queue.</summary>
/// <param name="Messages">Messages in the order of the queue; empty when there was none that matches.</param>
/// <param name="NextOffset">Offset to go on from.</param>
/// <param name="Problems">
/// Problem of every message that could not be read: damaged, or packed by an algorithm this client does not have.
/// </param>
public sealed record ReadResult(IReadOnlyList<ReceivedMessage> Messages, long NextOffset, IReadOnlyList<string> Problems);
