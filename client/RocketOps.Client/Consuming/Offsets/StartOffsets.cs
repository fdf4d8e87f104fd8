using RocketOps.Client.Calls;
using RocketOps.Client.Connections;
using RocketOps.Client.Diagnostics;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Names;

namespace RocketOps.Client.Consuming.Offsets;

/// <summary>Start offset of a queue: the group's offset, else what <see cref="ConsumeFromWhere"/> says. Source: remoting.md §5.9.</summary>
internal sealed class StartOffsets(ClientInstance client, PushConsumerOptions options, IOffsetStore offsets)
{
    private static readonly TimeSpan DefaultTimeBack = TimeSpan.FromMinutes(30);

    private readonly DateTimeOffset _from = options.ConsumeFromTime ?? options.TimeProvider.GetUtcNow() - DefaultTimeBack;

    /// <summary>Throws <see cref="RocketMqException"/> when no broker says; the queue is then taken with the next rebalance.</summary>
    public async Task<long> FindAsync(MessageQueue queue, CancellationToken cancellationToken)
    {
        if (await offsets.LoadAsync(queue, cancellationToken).ConfigureAwait(false) is { } known)
        {
            return known;
        }

        bool retry = TopicNames.IsRetry(queue.Topic);
        return options.ConsumeFromWhere switch
        {
            // A group's own retries are never skipped.
            null or ConsumeFromWhere.LastOffset when retry => 0,
            null => await SkipAsync(queue, cancellationToken).ConfigureAwait(false),
            ConsumeFromWhere.FirstOffset => 0,
            ConsumeFromWhere.Timestamp when !retry => await AtAsync(queue, _from, cancellationToken).ConfigureAwait(false),
            _ => await EndAsync(queue, cancellationToken).ConfigureAwait(false),
        };
    }

    /// <summary>Minimum offset of the queue. Throws <see cref="RocketMqException"/> when no broker says; so do the others.</summary>
    public Task<long> BeginAsync(MessageQueue queue, CancellationToken cancellationToken) => AskAsync(queue, RemotingCommand.CreateRequest(RequestCode.GetMinOffset), cancellationToken);

    /// <summary>Maximum offset of the queue: the next message will get it.</summary>
    public Task<long> EndAsync(MessageQueue queue, CancellationToken cancellationToken) => AskAsync(queue, RemotingCommand.CreateRequest(RequestCode.GetMaxOffset), cancellationToken);

    /// <summary>Offset of the first message that was stored at that time or later.</summary>
    public Task<long> AtAsync(MessageQueue queue, DateTimeOffset time, CancellationToken cancellationToken) =>
        AskAsync(queue, RemotingCommand.CreateRequest(RequestCode.SearchOffsetByTimestamp).Set("timestamp", time.ToUnixTimeMilliseconds()), cancellationToken);

    // Nobody said that a new group shall skip what is there. A new member of a broadcasting group usually wants just that.
    private async Task<long> SkipAsync(MessageQueue queue, CancellationToken cancellationToken)
    {
        long end = await EndAsync(queue, cancellationToken).ConfigureAwait(false);
        if (end > 0 && options.MessageModel == MessageModel.Clustering)
        {
            ClientLog.MessagesSkipped(client.Logger, options.Group, queue, end);
        }

        return end;
    }

    private async Task<long> AskAsync(MessageQueue queue, RemotingCommand request, CancellationToken cancellationToken)
    {
        string address = client.Routes.FindMaster(queue.BrokerName) ?? throw new RocketMqException($"broker {queue.BrokerName} has no master") { Reason = RocketMqErrorReason.NoRoute };
        request.Set("topic", queue.Topic).Set("queueId", queue.QueueId).Set("bname", queue.BrokerName);
        RemotingCommand response = await client.Caller.InvokeSuccessAsync(address, request, options.RequestTimeout, cancellationToken).ConfigureAwait(false);
        return response.ReadInt64("offset", 0, address);
    }
}
