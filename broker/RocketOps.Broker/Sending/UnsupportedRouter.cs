namespace RocketOps.Broker.Sending;

/// <summary>Refuses what would have to wait in topics this broker does not keep: halves of transactions and messages with a time of delivery.</summary>
internal sealed class UnsupportedRouter : ISendRouter
{
    public SendStatus Route(in SendRequest request, in SendProperties properties, ref SendRoute route)
    {
        if (properties.IsTransaction)
        {
            return SendStatus.TransactionForbidden;
        }

        return properties.IsTimer && route.DelayLevel <= 0 ? SendStatus.TimerNotEnabled : SendStatus.Stored;
    }
}
