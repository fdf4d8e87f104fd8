using RocketOps.Broker.Clients;
using RocketOps.Broker.Groups;
using RocketOps.Broker.Json;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Json;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Handlers.Groups;

/// <summary>
/// GET_GROUP_SUMMARIES (560002, ours): how many members consumer groups have, and how many messages they have still to consume of each topic. What GET_CONSUMER_CONNECTION_LIST and GET_CONSUME_STATS tell of one
/// group, for as many as somebody looks after; groups that nobody asks about cost nothing.
/// </summary>
internal sealed class GroupSummariesHandler(ConsumerTable consumers, GroupProgress progress) : HeavyRequestHandler
{
    protected override async ValueTask<RemotingCommand?> BuildAsync(RemotingCommand request, HeavyAnswer answer, CancellationToken cancellationToken)
    {
        HashSet<string> asked = new(BrokerJson.ReadBody(answer, request, GroupJson.Default.GroupNamesBody).Groups.OfType<string>(), StringComparer.Ordinal);

        // Looks at every queue of every group: not on the thread that serves the connections.
        IReadOnlyDictionary<string, List<(string Topic, long Lag)>> lags = await Task.Run(() => progress.LagsAsync(asked, cancellationToken), cancellationToken);
        AnswerBody body = new(answer, "ask for fewer groups");
        FastJsonWriter json = new(body);
        json.BeginObject().Name("groups").BeginObject();
        foreach (string group in asked)
        {
            int members = consumers.TryGet(group, out OnlineGroup? online) ? online.Channels.Count : 0;
            json.Name(group).BeginObject().Field("members", members).Name("lags").BeginObject();
            foreach ((string topic, long lag) in lags.GetValueOrDefault(group, []))
            {
                json.Field(topic, lag);
            }

            json.EndObject().EndObject();
        }

        json.EndObject().EndObject();
        RemotingCommand response = RemotingCommand.CreateResponse(request, ResponseCode.Success);
        response.Body = body.Written;
        return response;
    }
}
