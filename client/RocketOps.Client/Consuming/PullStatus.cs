namespace RocketOps.Client.Consuming;

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
