using RocketOps.Protocol.Headers;
using RocketOps.Remoting.Connections;

namespace RocketOps.Client.Consuming.Rebalancing;

/// <summary>NOTIFY_CONSUMER_IDS_CHANGED (40): a member of the group came or went. One-way; the rebalance runs elsewhere.</summary>
internal sealed class ConsumerIdsChangedHandler(Action rebalance) : IRequestHandler
{
    public void Handle(in RequestFrame frame, RequestBatch batch) => rebalance();
}
