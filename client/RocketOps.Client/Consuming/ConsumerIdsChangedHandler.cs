using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Headers;

namespace RocketOps.Client.Consuming;

/// <summary>NOTIFY_CONSUMER_IDS_CHANGED (40): a member of the group came or went. One-way; the rebalance runs elsewhere.</summary>
internal sealed class ConsumerIdsChangedHandler(Action rebalance) : IRequestHandler
{
    public void Handle(in RequestFrame frame, RequestBatch batch) => rebalance();
}
