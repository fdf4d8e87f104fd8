using RocketOps.Broker.Json;
using RocketOps.Broker.Ordering;
using RocketOps.Protocol.Bodies;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Handlers.Ordering;

/// <summary>UNLOCK_BATCH_MQ (42), often one-way.</summary>
internal sealed class UnlockBatchHandler(QueueLocks locks) : AsyncRequestHandler
{
    public override ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        using HeldBytes held = BrokerJson.ReadBody(connection, request, LockJson.Default.LockBody, out LockBody body);
        if (body.ClientId is { Length: > 0 } clientId && body.ConsumerGroup is { } group)
        {
            locks.Unlock(group, clientId, body.Queues ?? []);
        }

        return new ValueTask<RemotingCommand?>(RemotingCommand.CreateResponse(request, ResponseCode.Success));
    }
}
