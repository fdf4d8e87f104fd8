namespace RocketOps.Broker.Sending;

/// <summary>Refuses what would have to wait in topics this broker does not keep: messages with a time of delivery.</summary>
internal sealed class UnsupportedRouter : ISendRouter
{
    public SendStatus Route(in SendRequest request, in SendProperties properties, ref SendRoute route) =>
        properties.IsTimer && route.DelayLevel <= 0 ? SendStatus.TimerNotEnabled : SendStatus.Stored;
}
