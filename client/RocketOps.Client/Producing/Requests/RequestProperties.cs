using System.Globalization;
using RocketOps.Client.Producing.Sending;
using RocketOps.Protocol.Names;

namespace RocketOps.Client.Producing.Requests;

/// <summary>
/// Properties that make a message a request, and another one the reply to it. Matches RequestResponseFuture's callers and MessageUtil.
/// Source: remoting.md §5.11.
/// </summary>
internal static class RequestProperties
{
    /// <summary>Suffix of the topic of replies, which brokers name after their cluster. Matches MixAll.REPLY_TOPIC_POSTFIX.</summary>
    /// <param name="correlationId">What the reply is found by.</param>
    /// <param name="clientId">Whom brokers hand the reply to.</param>
    /// <param name="timeout">How long the sender waits.</param>
    public static SendExtras OfRequest(string correlationId, string clientId, TimeSpan timeout) => new(
        [
            KeyValuePair.Create(PropertyNames.CorrelationId, correlationId),
            KeyValuePair.Create(PropertyNames.ReplyToClient, clientId),
            KeyValuePair.Create(PropertyNames.TimeToLive, ((long)timeout.TotalMilliseconds).ToString(CultureInfo.InvariantCulture)),
        ],
        NeedsHeartbeat: true);

    /// <summary>The topic of replies, and the properties of one. Throws <see cref="ArgumentException"/> when the message is no request.</summary>
    public static (string Topic, SendExtras Extras) OfReply(ReceivedMessage request, string parameter)
    {
        if (!request.IsRequest || request.Properties.GetValueOrDefault(PropertyNames.Cluster) is not { } cluster)
        {
            throw new ArgumentException($"message {request.MessageId} is no request: nobody waits for a reply to it", parameter);
        }

        string[] copied = [PropertyNames.CorrelationId, PropertyNames.ReplyToClient, PropertyNames.TimeToLive];
        return (TopicNames.ReplyTopicOf(cluster), new SendExtras(
            [
                KeyValuePair.Create(PropertyNames.MessageType, "reply"),
                .. copied.Where(request.Properties.ContainsKey).Select(name => KeyValuePair.Create(name, request.Properties[name])),
            ],
            IsReply: true));
    }
}
