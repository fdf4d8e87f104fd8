using System.Text;
using RocketOps.Broker.Replication.Slave;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Headers;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Handlers.Replication;

/// <summary>
/// Refuses clients' reads and commits, and the figures of topics and groups, while it is not known which group's log the store has
/// (<see cref="StoreGroup"/>). Clients ask again. Everything else is let through: members and slaves compare their logs by it, and
/// people see by it what is wrong.
/// </summary>
internal sealed class UnprovenReads(StoreGroup store) : IRequestGate
{
    public bool TryAdmit(in RequestFrame frame, RequestBatch batch)
    {
        if (store.Refusal is not { } refusal || !IsOfTheLog(frame.Code))
        {
            return true;
        }

        batch.Reply(frame, ResponseCode.ServiceNotAvailable, Encoding.UTF8.GetBytes($"service not available now: {refusal}"));
        return false;
    }

    /// <summary>Tells whether the answer has messages, offsets or counts of this store's log, or the request an offset in it.</summary>
    private static bool IsOfTheLog(int code) => code is RequestCode.PullMessage or RequestCode.LitePullMessage or RequestCode.QueryMessage
        or RequestCode.ViewMessageById or RequestCode.QueryConsumerOffset or RequestCode.SearchOffsetByTimestamp or RequestCode.GetMaxOffset
        or RequestCode.GetMinOffset or RequestCode.GetEarliestMessageStoreTime or RequestCode.UpdateConsumerOffset
        or RequestCode.GetTopicStatsInfo or RequestCode.GetConsumeStats;
}
