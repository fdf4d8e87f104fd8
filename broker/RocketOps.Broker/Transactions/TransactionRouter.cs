using RocketOps.Broker.Configuration;
using RocketOps.Broker.Replies;
using RocketOps.Broker.Sending;

namespace RocketOps.Broker.Transactions;

/// <summary>
/// The half of a transaction waits in a topic of the broker's own until its producer commits it. A delay it asks for begins with the commit. What a client sends again to a
/// retry topic is no half any more, even if its properties still say so. Source: remoting.md §5.4.
/// </summary>
internal sealed class TransactionRouter(CurrentOptions<TransactionOptions> options, TransactionTopics topics) : ISendRouter
{
    public SendStatus Route(in SendRequest request, in SendProperties properties, ref SendRoute route)
    {
        if (!properties.IsTransaction)
        {
            return SendStatus.Stored;
        }

        if (options.Value.RejectTransactions)
        {
            return SendStatus.TransactionForbidden;
        }

        if (request.Fields.ReconsumeTimes <= 0 || properties.DelayLevel <= 0)
        {
            route.WaitAsHalf(topics.Half, TransactionTopics.Queue, properties.UniqKey);
        }

        return SendStatus.Stored;
    }
}
