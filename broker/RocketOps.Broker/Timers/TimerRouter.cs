using RocketOps.Broker.Configuration;
using RocketOps.Broker.Messages;
using RocketOps.Broker.Sending;
using RocketOps.Store;

namespace RocketOps.Broker.Timers;

/// <summary>
/// A message that asks for a time of delivery waits in the timer topic. A delay level goes before; what a timer has delivered already is not timed again when it is sent on.
/// The time of a half begins with its commit, but one that could never be kept is refused at once. Source: remoting.md §5.2.
/// </summary>
internal sealed class TimerRouter(BrokerSettings settings, TimerTopic topic, TimerTable timers, TimeProvider time) : ISendRouter
{
    /// <summary>The topic messages wait in.</summary>
    public StoreTopic Topic => topic.Topic;

    /// <summary>The slot of a message that is stored now, as the half of a transaction that is committed; 0 when it is not to wait.</summary>
    public long FindSlot(MessageProperties properties)
    {
        BrokerOptions options = settings.Current;
        SendProperties found = SendProperties.Read(properties.Encode());
        long now = time.GetUtcNow().ToUnixTimeMilliseconds();
        return options.TimerEnabled
            && found is { IsTimer: true, IsTimed: false, DelayLevel: <= 0 }
            && TimerClock.TryGetDue(found.TimerUnit, found.TimerText, now, out long due)
            && TimerClock.Decide(due, now, deletes: false, options, out long slot) == SendStatus.Stored
                ? slot
                : 0;
    }

    public SendStatus Route(in SendRequest request, in SendProperties properties, ref SendRoute route)
    {
        if (!properties.IsTimer)
        {
            return SendStatus.Stored;
        }

        if (properties.DelayLevel > 0)
        {
            route.DropTimer();
            return SendStatus.Stored;
        }

        if (properties.IsTimed || ReferenceEquals(route.StoreTopic, topic.Topic))
        {
            return SendStatus.Stored;
        }

        BrokerOptions options = settings.Current;
        if (!options.TimerEnabled)
        {
            return SendStatus.TimerNotEnabled;
        }

        long now = time.GetUtcNow().ToUnixTimeMilliseconds();
        if (!TimerClock.TryGetDue(properties.TimerUnit, properties.TimerText, now, out long due))
        {
            return SendStatus.TimerIllegal;
        }

        SendStatus status = TimerClock.Decide(due, now, properties.IsTimerDeletion, options, out long slot);
        if (status != SendStatus.Stored || slot <= 0 || route.IsHalf)
        {
            return status;
        }

        if (timers.IsCongested(slot))
        {
            return SendStatus.TimerCongested;
        }

        route.WaitForTime(topic.Topic, TimerTopic.Queue, slot);
        return SendStatus.Stored;
    }
}
