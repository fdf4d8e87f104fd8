using System.Text;
using RocketOps.Broker.Clients;
using RocketOps.Broker.Json;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Json;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Handlers.Clients;

/// <summary>GET_ALL_PRODUCER_INFO (328): every producer group that is online with its clients. Source: admin.md §2.4.</summary>
internal sealed class AllProducersHandler(ProducerTable producers) : HeavyRequestHandler(atOnce: 1)
{
    protected override ValueTask<RemotingCommand?> BuildAsync(RemotingCommand request, HeavyAnswer answer, CancellationToken cancellationToken)
    {
        AnswerBody body = new(answer, "ask for one group (GET_PRODUCER_CONNECTION_LIST)");
        FastJsonWriter json = new(body);
        json.BeginObject().Name("data").BeginObject();
        foreach (string group in producers.Groups.Order(StringComparer.Ordinal))
        {
            json.Name(group).BeginArray();
            foreach (ClientChannel channel in producers.ChannelsOf(group))
            {
                json.BeginObject()
                    .Field("clientId", channel.ClientId)
                    .Field("language", Encoding.ASCII.GetString(LanguageNames.ToUtf8(channel.Language)))
                    .Field("lastUpdateTimestamp", channel.LastUpdate)
                    // With the slash Java puts before an address that was never a name; RocketMQ's ProducerManager lets it through.
                    .Field("remoteIP", $"/{channel.Connection.RemoteEndPoint}")
                    .Field("version", channel.Version)
                    .EndObject();
            }

            json.EndArray();
        }

        json.EndObject().EndObject();
        RemotingCommand response = RemotingCommand.CreateResponse(request, ResponseCode.Success);
        response.Body = body.Written;
        return new ValueTask<RemotingCommand?>(response);
    }
}
