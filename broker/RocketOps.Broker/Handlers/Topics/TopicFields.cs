using RocketOps.Broker.Topics;
using RocketOps.Protocol.Commands;

namespace RocketOps.Broker.Handlers.Topics;

/// <summary>The fields of a topic that the requests which write one have in common. Source: admin.md §2.2.</summary>
internal static class TopicFields
{
    public static TopicConfig Read(RemotingCommand request, string name) => new()
    {
        TopicName = name,
        ReadQueueNums = request.GetRequiredInt32("readQueueNums"),
        WriteQueueNums = request.GetRequiredInt32("writeQueueNums"),
        Perm = request.GetRequiredInt32("perm"),
        TopicFilterType = request.GetRequired("topicFilterType"),
        TopicSysFlag = request.GetInt32("topicSysFlag", 0),
    };
}
