namespace RocketOps.Client.Consuming;

internal sealed record PullResult(PullStatus Status, long NextOffset, long SuggestedBroker, ReadOnlyMemory<byte> Records);
