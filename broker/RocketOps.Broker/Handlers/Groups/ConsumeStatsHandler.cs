using RocketOps.Broker.Json;
using RocketOps.Broker.Offsets;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Json;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Handlers.Groups;

/// <summary>GET_CONSUME_STATS (208): how far a group is on every queue. Source: admin.md §2.4.</summary>
internal sealed class ConsumeStatsHandler(TopicTable topics, ConsumerOffsetTable offsets, GroupProgress progress) : HeavyRequestHandler
{
    protected override async ValueTask<RemotingCommand?> BuildAsync(RemotingCommand request, HeavyAnswer answer, CancellationToken cancellationToken)
    {
        string group = request.GetRequired("consumerGroup");
        AnswerBody body = new(answer, "ask for one topic");
        FastJsonWriter json = new(body);
        double tps = 0;
        json.BeginObject().Name("offsetTable").BeginObject();
        foreach (string name in TopicsAsked(request, group))
        {
            if (topics.TryGet(name, out TopicState? topic) && progress.IsSubscribed(group, name))
            {
                await progress.WriteTopicAsync(json, topic, group, topic.Config.ReadQueueNums, cancellationToken);
                tps += progress.TpsOf(group, name);
            }
        }

        json.EndObject().Name("consumeTps").Value(tps).EndObject();
        RemotingCommand response = RemotingCommand.CreateResponse(request, ResponseCode.Success);
        response.Body = body.Written;
        return response;
    }

    private IEnumerable<string> TopicsAsked(RemotingCommand request, string group)
    {
        if (request.Get("topic") is { Length: > 0 } one)
        {
            return [one];
        }

        return request.Get("topicList") is { Length: > 0 } list
            ? list.Split(';', StringSplitOptions.RemoveEmptyEntries).Distinct(StringComparer.Ordinal)
            : offsets.TopicsOf(group);
    }
}
