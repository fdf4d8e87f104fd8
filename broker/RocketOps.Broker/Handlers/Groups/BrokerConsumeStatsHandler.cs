using RocketOps.Broker.Configuration;
using RocketOps.Broker.Groups;
using RocketOps.Broker.Json;
using RocketOps.Broker.Offsets;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Json;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Handlers.Groups;

/// <summary>GET_BROKER_CONSUME_STATS (317): how far every group is on all its topics, or on the ordered ones. Source: admin.md §2.4.</summary>
internal sealed class BrokerConsumeStatsHandler(GroupTable groups, TopicTable topics, ConsumerOffsetTable offsets, GroupProgress progress, BrokerAddress address) : HeavyRequestHandler
{
    protected override async ValueTask<RemotingCommand?> BuildAsync(RemotingCommand request, HeavyAnswer answer, CancellationToken cancellationToken)
    {
        bool orderedOnly = request.GetBoolean("isOrder", fallback: false);
        (long waiting, long inFlight) = (0, 0);
        AnswerBody body = new(answer, "ask for one group (GET_CONSUME_STATS)");
        FastJsonWriter json = new(body);
        json.BeginObject().Field("brokerAddr", address.Text).Name("consumeStatsList").BeginArray();
        foreach (string group in groups.Names)
        {
            json.BeginObject().Name(group).BeginArray();
            foreach (string name in offsets.TopicsOf(group).Order(StringComparer.Ordinal))
            {
                if (topics.TryGet(name, out TopicState? topic) && (topic.Config.Order || !orderedOnly) && progress.IsSubscribed(group, name))
                {
                    json.BeginObject().Name("consumeTps").Value(progress.TpsOf(group, name)).Name("offsetTable").BeginObject();
                    (long waitingHere, long inFlightHere) = await progress.WriteTopicAsync(json, topic, group, topic.Config.WriteQueueNums, cancellationToken);
                    waiting += waitingHere;
                    inFlight += inFlightHere;
                    json.EndObject().EndObject();
                }
            }

            json.EndArray().EndObject();
        }

        json.EndArray().Field("totalDiff", waiting).Field("totalInflightDiff", inFlight).EndObject();
        RemotingCommand response = RemotingCommand.CreateResponse(request, ResponseCode.Success);
        response.Body = body.Written;
        return response;
    }
}
