using RocketOps.Client.Calls;
using RocketOps.Client.Connections;
using RocketOps.Client.Subscriptions;
using RocketOps.Protocol.Commands;

namespace RocketOps.Client.Consuming.Pulling;

/// <summary>Sends PULL_MESSAGE and reads its answers. Source: remoting.md §2.3, §5.6.</summary>
internal sealed class Puller(ClientInstance client, PushConsumerOptions options)
{
    private const int CommitOffsetFlag = 1;
    private const int SuspendFlag = 2;

    /// <summary>Throws <see cref="RocketMqException"/> when the broker refuses or does not answer.</summary>
    /// <param name="queue">Queue to read.</param>
    /// <param name="subscription">What is wanted of its topic.</param>
    /// <param name="offset">First offset wanted.</param>
    /// <param name="commit">Offset to commit on the way; null for none.</param>
    /// <param name="suggestedBroker">Member the last answer suggested.</param>
    /// <param name="cancellationToken">Gives the pull up.</param>
    public async Task<PullResult> PullAsync(
        MessageQueue queue, Subscription subscription, long offset, long? commit, long suggestedBroker, CancellationToken cancellationToken)
    {
        // What is read is not forgotten.
        _ = client.Routes.Find(queue.Topic);
        if (client.Routes.FindForRead(queue.BrokerName, suggestedBroker) is not { } member)
        {
            throw new RocketMqException($"no member of broker {queue.BrokerName} is known") { Reason = RocketMqErrorReason.NoRoute };
        }

        // Offsets in a pull to a slave would go nowhere.
        bool commits = commit is > 0 && !member.IsSlave;
        RemotingCommand request = RemotingCommand.CreateRequest(RequestCode.PullMessage)
            .Set("consumerGroup", options.Group)
            .Set("topic", queue.Topic)
            .Set("queueId", queue.QueueId)
            .Set("queueOffset", offset)
            .Set("maxMsgNums", options.PullBatchSize)
            .Set("sysFlag", SuspendFlag | (commits ? CommitOffsetFlag : 0))
            .Set("commitOffset", commits ? commit!.Value : 0)
            .Set("suspendTimeoutMillis", (long)options.PullSuspend.TotalMilliseconds)
            .Set("subVersion", subscription.Version)
            .Set("expressionType", subscription.ExpressionType)
            .Set("bname", queue.BrokerName);
        RemotingCommand response = await client.Caller.InvokeAsync(member.Address, request, options.PullTimeout, cancellationToken).ConfigureAwait(false);
        PullStatus status = response.Code switch
        {
            ResponseCode.Success => PullStatus.Found,
            ResponseCode.PullNotFound or ResponseCode.PullRetryImmediately => PullStatus.Nothing,
            ResponseCode.PullOffsetMoved => response.ReadInt64("minOffset", 0, member.Address) > offset ? PullStatus.Expired : PullStatus.OffsetMoved,
            ResponseCode.FlowControl => PullStatus.FlowControl,
            _ => throw Refused(response, member.Address),
        };
        return new PullResult(
            status,
            response.ReadInt64("nextBeginOffset", offset, member.Address),
            response.ReadInt64("suggestWhichBrokerId", BrokerData.MasterId, member.Address),
            response.Body,
            response.ReadInt64("offsetDelta", 0, member.Address));
    }

    private RocketMqException Refused(RemotingCommand response, string address)
    {
        if (response.Code is ResponseCode.SubscriptionNotExist or ResponseCode.SubscriptionNotLatest or ResponseCode.FilterDataNotExist or ResponseCode.FilterDataNotLatest)
        {
            // A broker that restarted knows no consumer before its next heartbeat.
            client.GreetAgain(address);
        }

        return new RocketMqException(response.Code, response.Remark, address);
    }
}
