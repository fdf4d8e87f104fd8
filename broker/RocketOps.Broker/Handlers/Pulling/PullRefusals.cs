using RocketOps.Broker.Configuration;
using RocketOps.Broker.Filtering;
using RocketOps.Broker.Filtering.Sql92;
using RocketOps.Broker.Handlers.Clients;
using RocketOps.Broker.Replies;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Commands;

namespace RocketOps.Broker.Handlers.Pulling;

/// <summary>The one table from a refused pull to what the consumer is answered. Writing a remark allocates nothing. Source: remoting.md §5.6.</summary>
internal sealed class PullRefusals(BrokerAddress address, TopicTable topics, ExpressionCache expressions)
{
    public static int CodeOf(PullStatus status) => status switch
    {
        PullStatus.Ok => ResponseCode.Success,
        PullStatus.BrokerNotReadable or PullStatus.LitePullForbidden or PullStatus.GroupForbidden or PullStatus.TopicForbidden or PullStatus.BroadcastForbidden or PullStatus.GroupForbiddenForTopic => ResponseCode.NoPermission,
        PullStatus.GroupMissing or PullStatus.GroupToBeMade => ResponseCode.SubscriptionGroupNotExist,
        PullStatus.TopicMissing => ResponseCode.TopicNotExist,
        PullStatus.BadQueue => ResponseCode.InvalidParameter,
        PullStatus.NotLeader => ResponseCode.NotLeaderForQueue,
        PullStatus.GroupNotOnline or PullStatus.SubscriptionMissing or PullStatus.PullConsumerRejected => ResponseCode.SubscriptionNotExist,
        PullStatus.SubscriptionNotLatest => ResponseCode.SubscriptionNotLatest,
        PullStatus.SubscriptionMalformed => ResponseCode.SubscriptionParseFailed,
        PullStatus.FilterMissing => ResponseCode.FilterDataNotExist,
        _ => ResponseCode.SystemError,
    };

    /// <summary>The remark as UTF-8; where it names something it is written to <paramref name="buffer"/>, which holds <see cref="RemarkText.MaxBytes"/>.</summary>
    public ReadOnlySpan<byte> RemarkOf(PullStatus status, scoped in PullRequest request, Span<byte> buffer) => status switch
    {
        PullStatus.BrokerNotReadable => RemarkText.BrokerForbids(buffer, address.Host, "pulling message"),
        PullStatus.LitePullForbidden => RemarkText.BrokerForbids(buffer, address.Host, "for lite pull consumer"),
        PullStatus.GroupMissing or PullStatus.GroupToBeMade => RemarkText.Write(buffer, $"subscription group [{RemarkText.Cut(request.ConsumerGroup)}] does not exist"),
        PullStatus.GroupForbidden => RemarkText.Write(buffer, $"subscription group no permission, {RemarkText.Cut(request.ConsumerGroup)}"),
        PullStatus.TopicMissing => RemarkText.TopicMissing(buffer, request.Topic),
        PullStatus.TopicForbidden => RemarkText.Write(buffer, $"the topic[{RemarkText.Cut(request.Topic)}] pulling message is forbidden"),
        PullStatus.BadQueue => RemarkText.Write(
            buffer, $"queueId[{request.QueueId}] is illegal, topic:[{RemarkText.Cut(request.Topic)}] topicConfig.readQueueNums:[{ReadQueuesOf(request.Topic)}]"),
        PullStatus.NotLeader => RemarkText.Write(
            buffer, $"{RemarkText.Cut(request.Topic)}-{request.QueueId} cannot find mapping item in request process of current broker {BrokerOf(request.Topic)}"),
        PullStatus.BroadcastForbidden => RemarkText.Write(buffer, $"the consumer group[{RemarkText.Cut(request.ConsumerGroup)}] can not consume by broadcast way"),
        PullStatus.GroupForbiddenForTopic => RemarkText.Write(buffer, $"the consumer group[{RemarkText.Cut(request.ConsumerGroup)}] is forbidden for topic[{RemarkText.Cut(request.Topic)}]"),
        PullStatus.GroupNotOnline => "the consumer's group info not exist"u8,
        PullStatus.SubscriptionMissing => "the consumer's subscription not exist"u8,
        PullStatus.SubscriptionNotLatest => "the consumer's subscription not latest"u8,
        PullStatus.PullConsumerRejected => "the consumer's group info not exist, or the pull consumer is rejected by server."u8,
        PullStatus.FilterMissing => "The broker's consumer filter data is not exist!Your expression may be wrong!"u8,
        PullStatus.SubscriptionMalformed => RemarkText.Write(buffer, $"parse the consumer's subscription failed, {ProblemOf(request)}"),
        PullStatus.PropertyFilterOff => RemarkText.Write(buffer, $"{CheckClientHandler.Unsupported}{RemarkText.Cut(request.HasSubscription ? request.ExpressionType : SqlExpression.TypeNameUtf8)}"),
        _ => RemarkText.Unknown,
    };

    /// <summary>
    /// Returns the reason why the expression of the pull cannot be used; found out again, so that a refusal carries nothing.
    /// </summary>
    private string? ProblemOf(scoped in PullRequest request)
    {
        expressions.Find(request.ExpressionType, request.Subscription, out string? problem);
        return problem;
    }

    private string? BrokerOf(ReadOnlySpan<byte> topic) => topics.TryGet(topic, out TopicState? state) ? state.Mapping?.BrokerName : null;

    private int ReadQueuesOf(ReadOnlySpan<byte> topic) => topics.TryGet(topic, out TopicState? state) ? state.Config.ReadQueueNums : 0;
}
