using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Log;

namespace RocketOps.Broker.Messages;

/// <summary>A message on its way into the store from where nothing is borrowed: retries, delayed deliveries, first sends to a topic.</summary>
internal sealed class OwnedMessage
{
    public required StoreTopic Topic { get; init; }

    public required int QueueId { get; init; }

    public int Flag { get; init; }

    public int SysFlag { get; init; }

    public long BornTimestamp { get; init; }

    public MessageHost BornHost { get; init; }

    public MessageHost StoreHost { get; init; }

    public int ReconsumeTimes { get; init; }

    /// <summary>Commit-log offset of the half of a committed transaction.</summary>
    public long PreparedTransactionOffset { get; init; }

    public ReadOnlyMemory<byte> Body { get; init; }

    public ReadOnlyMemory<byte> Properties { get; init; }

    public MessageToAppend ToAppend() => new()
    {
        Topic = Topic,
        QueueId = QueueId,
        Flag = Flag,
        SysFlag = SysFlag,
        BornTimestamp = BornTimestamp,
        BornHost = BornHost,
        StoreHost = StoreHost,
        ReconsumeTimes = ReconsumeTimes,
        PreparedTransactionOffset = PreparedTransactionOffset,
        Body = Body.Span,
        Properties = Properties.Span,
    };
}
