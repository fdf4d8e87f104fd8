using RocketOps.Cli.Store;
using RocketOps.Client;
using RocketOps.Protocol.Names;
using RocketOps.Protocol.Records;

namespace RocketOps.Cli.Groups.DeadLetters;

/// <summary>A message that a group has given up: what is stored of it in <c>%DLQ%GROUP</c>. Why it failed is not, only how often it came.</summary>
/// <param name="Message">As it is stored there.</param>
/// <param name="Group">Who gave it up.</param>
internal sealed record DeadLetter(ReceivedMessage Message, string Group)
{
    /// <summary>
    /// Properties of the deliveries that failed: the message is to come at once, and as often as the group's settings say.
    /// </summary>
    private static readonly string[] OfDeliveries = [PropertyNames.Delay, PropertyNames.TimerDeliverMs, PropertyNames.ReconsumeTime, PropertyNames.MaxReconsumeTimes];

    /// <summary>The topic its producer sent it to; null when it does not say, as one whose properties had no room for it.</summary>
    public string? Origin => Message.Properties.GetValueOrDefault(PropertyNames.RetryTopic);

    /// <summary>
    /// Returns the topic it is sent to: the topic of the group's retries, for its group alone, or its own, for all that read it. Null when
    /// that is not known.
    /// </summary>
    public string? Target(bool toOrigin) => toOrigin ? Origin : TopicNames.RetryTopicOf(Group);

    /// <summary>The same message as a new one, whose deliveries are counted anew. In a topic of retries it says where it comes from, by which consumers know it; in its own it is what its producer sent.</summary>
    public Resendable ToSend(string topic)
    {
        IEnumerable<KeyValuePair<string, string>> properties = Message.Properties.Where(static property => !Resendable.IsAddedByBroker(property.Key) && !OfDeliveries.Contains(property.Key, StringComparer.Ordinal));
        if (topic == Origin)
        {
            properties = properties.Where(static property => property.Key is not (PropertyNames.RetryTopic or PropertyNames.OriginMessageId));
        }

        return new Resendable
        {
            Topic = topic,
            StoredIn = Message.Queue.Topic,
            QueueId = Message.Queue.QueueId,
            UniqueKey = Message.Properties.GetValueOrDefault(PropertyNames.UniqKey, string.Empty),
            Properties = Resendable.Join(properties),
            SysFlag = 0,
            Flag = Message.Flag,
            BornTimestamp = Message.BornTime.ToUnixTimeMilliseconds(),
            ReconsumeTimes = 0,
            IsBatch = false,
            Body = Message.Body.ToArray(),
        };
    }
}
