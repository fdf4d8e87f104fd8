using System.Text;
using RocketOps.Protocol.Headers;

namespace RocketOps.Broker.Handlers.Sending;

/// <summary>Topic that a message is sent to, and by what it is made when it is not there.</summary>
/// <param name="Name">Name of the topic.</param>
/// <param name="Default">Topic whose settings it gets.</param>
/// <param name="DefaultQueueNums">Number of queues it gets.</param>
/// <param name="UnitMode">True when it is made as one of a unit.</param>
internal sealed record AskedTopic(string Name, string Default, int DefaultQueueNums, bool UnitMode)
{
    /// <summary>The topic that a send asks for.</summary>
    public static AskedTopic Of(in SendMessageRequestHeader header) => new(
        Encoding.UTF8.GetString(header.Topic),
        Encoding.UTF8.GetString(header.DefaultTopic),
        header.DefaultTopicQueueNums,
        header.UnitMode);
}
