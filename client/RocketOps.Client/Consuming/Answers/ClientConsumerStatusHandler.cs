using RocketOps.Client.Consuming.Queues;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Json;
using RocketOps.Remoting.Connections;

namespace RocketOps.Client.Consuming.Answers;

/// <summary>GET_CONSUMER_STATUS_FROM_CLIENT (221): the offsets this member has reached in a topic, committed or not. Source: remoting.md §2.6.</summary>
internal sealed class ClientConsumerStatusHandler(IAnsweringConsumer consumer) : AsyncRequestHandler
{
    public override ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        FastJsonWriter json = new FastJsonWriter().BeginObject().Name("consumerTable").BeginObject().EndObject().Name("messageQueueTable").BeginObject();
        foreach (ConsumedQueue queue in consumer.Group == request.Get("group") ? consumer.Reading.Where(queue => queue.Queue.Topic == request.Get("topic")) : [])
        {
            if (queue.Offset is { } offset)
            {
                QueueKeys.Write(json, queue.Queue).Value(offset);
            }
        }

        RemotingCommand response = RemotingCommand.CreateResponse(request, ResponseCode.Success);
        response.Body = json.EndObject().EndObject().Written;
        return ValueTask.FromResult<RemotingCommand?>(response);
    }
}
