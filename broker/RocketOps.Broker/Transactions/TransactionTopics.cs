using System.Text;
using RocketOps.Protocol.Names;
using RocketOps.Store;
using RocketOps.Store.ConsumeQueues;

namespace RocketOps.Broker.Transactions;

/// <summary>
/// Topics where halves of transactions wait, and where is noted which of them are settled; one queue each. Names and formats are
/// RocketMQ's. Source: remoting.md §5.4.
/// </summary>
internal sealed class TransactionTopics(MessageStore store)
{
    /// <summary>The only queue of either topic.</summary>
    public const int Queue = 0;

    public StoreTopic Half { get; } = store.GetOrAddTopic(Encoding.UTF8.GetBytes(TopicNames.TransactionHalf));

    public StoreTopic Op { get; } = store.GetOrAddTopic(Encoding.UTF8.GetBytes(TopicNames.TransactionOp));
}
