using RocketOps.Broker.Pulling;
using RocketOps.Store;

namespace RocketOps.Broker.Clients;

/// <summary>A subscription ready for pulls: its filter is made once. A null filter takes every message.</summary>
internal sealed class Subscription(SubscriptionData data)
{
    public SubscriptionData Data { get; } = data;

    public long Version => Data.SubVersion;

    public bool IsTag => Data.IsTag;

    public IMessageFilter? Filter { get; } = TagFilter.For(data);
}
