namespace RocketOps.Client.Consuming;

internal sealed record PullResult(PullStatus Status, long NextOffset, long SuggestedBroker, ReadOnlyMemory<byte> Records);

/// <summary>What a broker says to a pull.</summary>
internal enum PullStatus
{
    Found,

    /// <summary>Nothing there, or nothing that matched: go on at the next offset.</summary>
    Nothing,

    /// <summary>The offset is outside the queue: go on at the next offset, and forget the old one.</summary>
    OffsetMoved,

    /// <summary>Ask again in a moment.</summary>
    FlowControl,
}

/// <summary>A message waiting for its handler.</summary>
internal sealed record PulledMessage(ProcessQueue Owner, StoredMessage Stored);
