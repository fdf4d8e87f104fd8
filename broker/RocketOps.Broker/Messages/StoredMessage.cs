using RocketOps.Store;

namespace RocketOps.Broker.Messages;

/// <summary>A message on its way into the store from where nothing is borrowed: retries, delayed deliveries, first sends to a topic.</summary>
internal sealed class StoredMessage
{
    public required StoreTopic Topic { get; init; }

    public required int QueueId { get; init; }

    public int Flag { get; init; }

    public int SysFlag { get; init; }

    public long BornTimestamp { get; init; }

    public MessageHost BornHost { get; init; }

    public MessageHost StoreHost { get; init; }

    public int ReconsumeTimes { get; init; }

    public ReadOnlyMemory<byte> Body { get; init; }

    public ReadOnlyMemory<byte> Properties { get; init; }
}
