using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Log;

namespace RocketOps.Broker.Messages;

/// <summary>A message on its way into the store from where nothing is borrowed: retries, delayed deliveries, first sends to a topic.</summary>
internal sealed class OwnedMessage
{
    public required StoreTopic Topic { get; init; }

    public required int QueueId { get; init; }

    public RecordFields Fields { get; init; }

    public ReadOnlyMemory<byte> Body { get; init; }

    public ReadOnlyMemory<byte> Properties { get; init; }

    public MessageToAppend ToAppend() => new()
    {
        Topic = Topic,
        QueueId = QueueId,
        Fields = Fields,
        Body = Body.Span,
        Properties = Properties.Span,
    };
}
