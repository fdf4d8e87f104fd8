using RocketOps.Client.Internal;
using RocketOps.Remoting.Commands;

namespace RocketOps.Client.Consuming;

/// <summary>Offsets of a clustering group, kept by the brokers.</summary>
internal sealed class BrokerOffsetStore(ClientInstance client, PushConsumerOptions options) : IOffsetStore
{
    private readonly OffsetTable _table = new();

    public async Task<long?> LoadAsync(MessageQueue queue, CancellationToken cancellationToken)
    {
        if (client.Routes.FindForRead(queue.BrokerName, BrokerData.MasterId) is not { } member)
        {
            throw new RocketMqException($"no member of broker {queue.BrokerName} is known");
        }

        RemotingCommand request = RemotingCommand.CreateRequest(RequestCode.QueryConsumerOffset)
            .Set("consumerGroup", options.Group).Set("topic", queue.Topic).Set("queueId", queue.QueueId).Set("bname", queue.BrokerName);
        RemotingCommand response = await client.Caller.InvokeAsync(member.Address, request, options.RequestTimeout, cancellationToken).ConfigureAwait(false);
        return response.Code switch
        {
            ResponseCode.Success => response.ReadInt64("offset", 0, member.Address),
            ResponseCode.QueryNotFound => null,
            _ => throw new RocketMqException(response.Code, response.Remark, member.Address),
        };
    }

    public long? Find(MessageQueue queue) => _table.Find(queue);

    public void Update(MessageQueue queue, long offset, bool increaseOnly) => _table.Update(queue, offset, increaseOnly);

    public void Forget(MessageQueue queue) => _table.Forget(queue);

    public async Task<RocketMqException?> CommitAsync(IEnumerable<MessageQueue> queues, bool acknowledged, CancellationToken cancellationToken) =>
        Array.Find(await Task.WhenAll(queues.Select(queue => CommitAsync(queue, acknowledged, cancellationToken))).ConfigureAwait(false), static failure => failure is not null);

    private async Task<RocketMqException?> CommitAsync(MessageQueue queue, bool acknowledged, CancellationToken cancellationToken)
    {
        if (_table.Find(queue) is not { } offset)
        {
            return null;
        }

        try
        {
            // Slaves take no offsets: theirs come from the master.
            string address = client.Routes.FindMaster(queue.BrokerName) ?? throw new RocketMqException($"broker {queue.BrokerName} has no master");
            RemotingCommand request = RemotingCommand.CreateRequest(RequestCode.UpdateConsumerOffset)
                .Set("consumerGroup", options.Group).Set("topic", queue.Topic).Set("queueId", queue.QueueId).Set("commitOffset", offset).Set("bname", queue.BrokerName);
            if (acknowledged)
            {
                await client.Caller.InvokeSuccessAsync(address, request, options.RequestTimeout, cancellationToken).ConfigureAwait(false);
            }
            else
            {
                await client.Caller.SendOneWayAsync(address, request, cancellationToken).ConfigureAwait(false);
            }

            return null;
        }
        catch (RocketMqException failure)
        {
            ClientLog.CommitFailed(client.Logger, queue, offset, failure.Message);
            return failure;
        }
    }
}
