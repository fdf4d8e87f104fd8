namespace RocketOps.Broker.Sending;

/// <summary>One send, whichever protocol it came by. All spans are borrowed for the duration of the call.</summary>
internal readonly ref struct SendRequest
{
    public required ReadOnlySpan<byte> Topic { get; init; }

    /// <summary>Negative: the broker picks a queue.</summary>
    public required int QueueId { get; init; }

    public required ReadOnlySpan<byte> Body { get; init; }

    /// <summary>Properties text: <c>name 0x01 value 0x02</c> pairs.</summary>
    public ReadOnlySpan<byte> Properties { get; init; }

    /// <summary>Fields of the record as the sender says them; the store's host is added by the pipeline.</summary>
    public RecordFields Fields { get; init; }

    /// <summary>Attempts after which a message sent to a retry topic is a dead letter; null: the group's own number.</summary>
    public int? MaxReconsumeTimes { get; init; }

    /// <summary>The body is a client batch. Its messages are neither delayed nor retried.</summary>
    public bool IsBatch { get; init; }

    /// <summary>Number of messages in the batch, −1 when the body is malformed. Only for batches.</summary>
    public int BatchCount { get; init; }

    /// <summary>The topic after which a missing one is made.</summary>
    public ReadOnlySpan<byte> DefaultTopic { get; init; }
}
