using System.Text;
using RocketOps.Broker.Replication.Slave;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Headers;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Handlers.Replication;

/// <summary>
/// Refuses clients' reads, of messages and of offsets, while it is not known whose log the store has (<see cref="StoreGroup"/>). Clients
/// ask again. Everything else is let through: what members, slaves and people ask tells what is wrong.
/// </summary>
internal sealed class UnprovenReads(StoreGroup store) : IRequestGate
{
    public bool TryAdmit(in RequestFrame frame, RequestBatch batch)
    {
        if (store.Refusal is not { } refusal || !IsRead(frame.Code))
        {
            return true;
        }

        batch.Reply(frame, ResponseCode.ServiceNotAvailable, Encoding.UTF8.GetBytes($"service not available now: {refusal}"));
        return false;
    }

    private static bool IsRead(int code) => code is RequestCode.PullMessage or RequestCode.LitePullMessage or RequestCode.QueryMessage
        or RequestCode.ViewMessageById or RequestCode.QueryConsumerOffset or RequestCode.SearchOffsetByTimestamp or RequestCode.GetMaxOffset
        or RequestCode.GetMinOffset or RequestCode.GetEarliestMessageStoreTime;
}
