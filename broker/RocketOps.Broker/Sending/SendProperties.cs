using System.Buffers.Text;
using RocketOps.Broker.RequestReply;
using RocketOps.Protocol.Names;

namespace RocketOps.Broker.Sending;

/// <summary>The properties of an incoming message that change what is done with it, read in one pass. Borrows from the frame.</summary>
internal ref struct SendProperties
{
    /// <summary>Above 0: deliver later.</summary>
    public int DelayLevel { get; private set; }

    /// <summary>A half message of a transaction.</summary>
    public bool IsTransaction { get; private set; }

    /// <summary>Wants to be delivered at an exact time.</summary>
    public bool IsTimer { get; private set; }

    /// <summary>Time, or delay, as the property says it.</summary>
    public ReadOnlySpan<byte> TimerText { get; private set; }

    /// <summary>Unit of <see cref="TimerText"/>.</summary>
    public TimerUnitOfTime TimerUnit { get; private set; }

    /// <summary>Carries the time a timer has given it: it has been delivered, and is sent on.</summary>
    public bool IsTimed { get; private set; }

    /// <summary>Deletes a message that waits for its time.</summary>
    public bool IsTimerDeletion { get; private set; }

    /// <summary>The producer does not wait for the disk.</summary>
    public bool SkipsDiskWait { get; private set; }

    /// <summary>Carries a property that brokers add: the message is sent on as it was received. The old value makes way for the new one.</summary>
    public bool WasStoredBefore { get; private set; }

    /// <summary>Says how many messages it holds: only a batch of a batch consume queue may.</summary>
    public bool NamesInnerMessages { get; private set; }

    public ReadOnlySpan<byte> UniqKey { get; private set; }

    /// <summary>Id of the client that waits for a reply to the message.</summary>
    public ReadOnlySpan<byte> ReplyToClient { get; private set; }

    /// <summary>Topic that a message was first sent to, when it is sent again.</summary>
    public ReadOnlySpan<byte> RetryTopic { get; private set; }

    /// <summary>Id of the client that waits for a reply, if that is who sends the message: consumers send requests back to be retried, and programs may send on what they have received.</summary>
    public readonly ReadOnlySpan<byte> AskerIn(ReadOnlySpan<byte> topic) =>
        ReplyToClient.IsEmpty || ReplyToClient.Length > AskerTable.MaxIdBytes || WasStoredBefore || TopicNames.IsRetry(topic) ? default : ReplyToClient;

    public static SendProperties Read(ReadOnlySpan<byte> properties)
    {
        SendProperties found = default;
        PropertyReader reader = new(properties);
        while (reader.TryRead(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
        {
            switch (name.Length)
            {
                case 4 when name.SequenceEqual(PropertyNames.Utf8.Wait):
                    found.SkipsDiskWait = System.Text.Ascii.EqualsIgnoreCase(value, "false"u8);
                    break;
                case 5 when name.SequenceEqual(PropertyNames.Utf8.Delay):
                    found.DelayLevel = Utf8Parser.TryParse(value, out int level, out int used) && used == value.Length ? level : 0;
                    break;
                case 7 when name.SequenceEqual(PropertyNames.Utf8.Cluster):
                case 8 when name.SequenceEqual(PropertyNames.Utf8.TraceOn) || name.SequenceEqual(PropertyNames.Utf8.RealQueueId):
                case 10 when name.SequenceEqual(PropertyNames.Utf8.Region) || name.SequenceEqual(PropertyNames.Utf8.RealTopic):
                    found.WasStoredBefore = true;
                    break;
                case 8 when name.SequenceEqual(PropertyNames.Utf8.UniqKey):
                    found.UniqKey = value;
                    break;
                case 8 when name.SequenceEqual(PropertyNames.Utf8.TransactionPrepared):
                    found.IsTransaction = System.Text.Ascii.EqualsIgnoreCase(value, "true"u8);
                    break;
                case 9 when name.SequenceEqual(PropertyNames.Utf8.InnerNum):
                    found.NamesInnerMessages = true;
                    break;
                case 11 when name.SequenceEqual(PropertyNames.Utf8.RetryTopic):
                    found.RetryTopic = value;
                    break;
                case 12 when name.SequenceEqual(PropertyNames.Utf8.TimerOutMs):
                    found.IsTimed = true;
                    break;
                case 14 when name.SequenceEqual(PropertyNames.Utf8.TimerDelayMs):
                    found.Take(TimerUnitOfTime.DelayMs, value);
                    break;
                case 15 when name.SequenceEqual(PropertyNames.Utf8.ReplyToClient):
                    found.ReplyToClient = value;
                    break;
                case 15 when name.SequenceEqual(PropertyNames.Utf8.TimerDelaySeconds):
                    found.Take(TimerUnitOfTime.DelaySeconds, value);
                    break;
                case 16 when name.SequenceEqual(PropertyNames.Utf8.TimerDeliverMs):
                    found.Take(TimerUnitOfTime.DeliverMs, value);
                    break;
                case 17 when name.SequenceEqual(PropertyNames.Utf8.TimerDeleteUniqKey):
                    found.IsTimerDeletion = true;
                    break;
                default:
                    break;
            }
        }

        return found;
    }

    /// <summary>Takes a property of time: of several the first in RocketMQ's order counts, whatever the order of the text.</summary>
    private void Take(TimerUnitOfTime unit, ReadOnlySpan<byte> value)
    {
        if (!IsTimer || unit <= TimerUnit)
        {
            TimerUnit = unit;
            TimerText = value;
        }

        IsTimer = true;
    }
}

/// <summary>The properties that ask for a delivery at a time, in the order in which RocketMQ looks for them.</summary>
internal enum TimerUnitOfTime
{
    /// <summary><c>TIMER_DELAY_SEC</c>: seconds from now.</summary>
    DelaySeconds = 0,

    /// <summary><c>TIMER_DELAY_MS</c>: milliseconds from now.</summary>
    DelayMs,

    /// <summary><c>TIMER_DELIVER_MS</c>: milliseconds since 1970.</summary>
    DeliverMs,
}
