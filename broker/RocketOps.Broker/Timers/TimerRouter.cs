using RocketOps.Broker.Configuration;
using RocketOps.Broker.Replies;
using RocketOps.Broker.Sending;
using RocketOps.Store.ConsumeQueues;

namespace RocketOps.Broker.Timers;

/// <summary>
/// A message that asks for a time of delivery waits in the timer topic. A delay level goes before; what a timer has delivered already is not timed again when it is sent on.
/// The time of a half begins with its commit, but one that could never be kept is refused at once. Source: remoting.md §5.2.
/// </summary>
internal sealed class TimerRouter(CurrentOptions<TimerOptions> options, TimerTable timers, TimeProvider time) : ISendRouter
{
    /// <summary>The topic messages wait in.</summary>
    public StoreTopic Topic => timers.Topic.Topic;

    /// <summary>
    /// The slot of a half that is committed now; 0 when it is not to wait. Its time was allowed when it was sent, and is kept whatever is configured since: only a broker without timers, and a
    /// time that is none, are refused. It is never delivered before its time.
    /// </summary>
    public SendStatus FindSlot(ReadOnlySpan<byte> properties, out long slot)
    {
        slot = 0;
        SendProperties found = SendProperties.Read(properties);
        if (!found.IsTimer || found.IsTimed || found.DelayLevel > 0)
        {
            return SendStatus.Stored;
        }

        TimerOptions current = options.Value;
        long now = time.GetUtcNow().ToUnixTimeMilliseconds();
        if (!TimerClock.TryGetDue(found.TimerUnit, found.TimerText, now, out long due))
        {
            return SendStatus.TimerIllegal;
        }

        if (due <= now)
        {
            return SendStatus.Stored;
        }

        if (!current.TimerEnabled)
        {
            return SendStatus.TimerNotEnabled;
        }

        slot = TimerClock.SlotOf(due, current.TimerPrecisionMs);
        return SendStatus.Stored;
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

        if (properties.IsTimed || ReferenceEquals(route.StoreTopic, Topic))
        {
            return SendStatus.Stored;
        }

        TimerOptions current = options.Value;
        if (!current.TimerEnabled)
        {
            return SendStatus.TimerNotEnabled;
        }

        long now = time.GetUtcNow().ToUnixTimeMilliseconds();
        if (!TimerClock.TryGetDue(properties.TimerUnit, properties.TimerText, now, out long due))
        {
            return SendStatus.TimerIllegal;
        }

        SendStatus status = TimerClock.Decide(due, now, properties.IsTimerDeletion, current, out long slot);
        if (status != SendStatus.Stored || slot <= 0 || route.IsHalf)
        {
            return status;
        }

        if (timers.Counts.IsCongested(slot))
        {
            return SendStatus.TimerCongested;
        }

        route.WaitForTime(Topic, TimerTopic.Queue, slot);
        return SendStatus.Stored;
    }
}
