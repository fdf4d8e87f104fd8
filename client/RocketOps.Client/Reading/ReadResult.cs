namespace RocketOps.Client;

/// <summary>What a read of a queue found.</summary>
/// <param name="Messages">In the order of the queue; empty when there was none that matches.</param>
/// <param name="NextOffset">Where to go on.</param>
/// <param name="Problems">Of every message that could not be read what is wrong with it: damaged, or packed by an algorithm this client does not have.</param>
public sealed record ReadResult(IReadOnlyList<ReceivedMessage> Messages, long NextOffset, IReadOnlyList<string> Problems);
