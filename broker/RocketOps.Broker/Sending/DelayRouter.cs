using System.Text;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Replies;
using RocketOps.Protocol.Names;
using RocketOps.Store;
using RocketOps.Store.ConsumeQueues;

namespace RocketOps.Broker.Sending;

/// <summary>A delayed message waits in queue level − 1 of the schedule topic. Source: remoting.md §5.2.</summary>
internal sealed class DelayRouter(CurrentOptions<DelayOptions> options, MessageStore store) : ISendRouter
{
    /// <summary>The topic delayed messages wait in.</summary>
    public StoreTopic Schedule { get; } = store.GetOrAddTopic(Encoding.UTF8.GetBytes(TopicNames.Schedule));

    public SendStatus Route(in SendRequest request, in SendProperties properties, ref SendRoute route)
    {
        if (route.DelayLevel > 0)
        {
            route.WaitIn(Schedule, QueueOf(route.DelayLevel));
        }

        return SendStatus.Stored;
    }

    /// <summary>The queue of a level; levels beyond the last are the last.</summary>
    public int QueueOf(int delayLevel) => Clamp(delayLevel) - 1;

    /// <summary>Returns the level, or the highest that there is.</summary>
    public int Clamp(int delayLevel) => options.Value.DelayLevels.Clamp(delayLevel);
}
