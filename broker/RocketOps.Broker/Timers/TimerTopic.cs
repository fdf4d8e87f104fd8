using System.Text;
using RocketOps.Protocol.Names;
using RocketOps.Store;
using RocketOps.Store.ConsumeQueues;

namespace RocketOps.Broker.Timers;

/// <summary>
/// Topic where messages wait for their time: one queue. Its messages are the truth about what waits; wheel and log only say when which is
/// due. Source: remoting.md §5.2.
/// </summary>
internal sealed class TimerTopic(MessageStore store)
{
    /// <summary>The topic's only queue.</summary>
    public const int Queue = 0;

    public StoreTopic Topic { get; } = store.GetOrAddTopic(Encoding.UTF8.GetBytes(TopicNames.Timer));
}
