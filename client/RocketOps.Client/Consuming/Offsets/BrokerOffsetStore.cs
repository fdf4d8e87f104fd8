using System.Collections.Concurrent;
using RocketOps.Client.Calls;
using RocketOps.Client.Connections;
using RocketOps.Client.Diagnostics;
using RocketOps.Protocol.Commands;

namespace RocketOps.Client.Consuming.Offsets;

/// <summary>
/// Offsets of a clustering group, kept by the brokers. A queue has one commit under way at a time: Apache's brokers handle requests of one connection in any order, and an older offset
/// that arrives after the last one would have the next member handle messages again.
/// </summary>
internal sealed class BrokerOffsetStore(ClientInstance client, PushConsumerOptions options) : IOffsetStore
{
    private readonly OffsetTable _table = new();

    // As many as queues were ever committed here.
    private readonly ConcurrentDictionary<MessageQueue, SemaphoreSlim> _committing = new();

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

    public void Note(MessageQueue queue, long offset) => _table.Note(queue, offset);

    public void Move(MessageQueue queue, long offset, bool byBroker) => _table.Move(queue, offset);

    public void Forget(MessageQueue queue) => _table.Forget(queue);

    public async Task<RocketMqException?> CommitAsync(IEnumerable<MessageQueue> queues, CancellationToken cancellationToken) =>
        Array.Find(await Task.WhenAll(queues.Select(queue => CommitAsync(queue, cancellationToken))).ConfigureAwait(false), static failure => failure is not null);

    private async Task<RocketMqException?> CommitAsync(MessageQueue queue, CancellationToken cancellationToken)
    {
        SemaphoreSlim gate = _committing.GetOrAdd(queue, static _ => new SemaphoreSlim(1, 1));
        await gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return _table.Find(queue) is { } offset ? await SendAsync(queue, offset).ConfigureAwait(false) : null;
        }
        finally
        {
            gate.Release();
        }
    }

    private async Task<RocketMqException?> SendAsync(MessageQueue queue, long offset)
    {
        try
        {
            // Slaves take no offsets: theirs come from the master.
            string address = client.Routes.FindMaster(queue.BrokerName) ?? throw new RocketMqException($"broker {queue.BrokerName} has no master");
            RemotingCommand request = RemotingCommand.CreateRequest(RequestCode.UpdateConsumerOffset)
                .Set("consumerGroup", options.Group).Set("topic", queue.Topic).Set("queueId", queue.QueueId).Set("commitOffset", offset).Set("bname", queue.BrokerName);
            await client.Caller.InvokeSuccessAsync(address, request, options.RequestTimeout, CancellationToken.None).ConfigureAwait(false);
            return null;
        }
        catch (RocketMqException failure)
        {
            ClientLog.CommitFailed(client.Logger, queue, offset, failure.Message);
            return failure;
        }
    }
}
