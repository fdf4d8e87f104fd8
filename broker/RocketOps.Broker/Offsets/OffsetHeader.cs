using RocketOps.Remoting.Commands;

namespace RocketOps.Broker.Offsets;

/// <summary>The queue most offset requests name.</summary>
internal readonly record struct OffsetHeader(string Topic, int QueueId)
{
    public static OffsetHeader Read(RemotingCommand request) => new(request.GetRequired("topic"), request.GetRequiredInt32("queueId"));
}
