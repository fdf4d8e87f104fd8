using System.Globalization;
using System.Text.Unicode;
using RocketOps.Broker.Clients;
using RocketOps.Broker.Hosting;
using RocketOps.Broker.Topics;
using RocketOps.Remoting.Commands;

namespace RocketOps.Broker.Pulling;

/// <summary>The one table from a refused pull to what the consumer is answered. Writing a remark allocates nothing. Source: remoting.md §5.6.</summary>
internal sealed class PullRefusals(BrokerAddress address, TopicTable topics)
{
    /// <summary>The longest text without the names in it.</summary>
    private const int TextBytes = 256;

    /// <summary>Names longer than any group or topic can be are cut: they come from clients, and the buffer is on the stack.</summary>
    private const int MaxNameBytes = 512;

    /// <summary>Room for every remark.</summary>
    public const int MaxRemarkBytes = TextBytes + MaxNameBytes;

    public static int CodeOf(PullStatus status) => status switch
    {
        PullStatus.Ok => ResponseCode.Success,
        PullStatus.BrokerNotReadable or PullStatus.LitePullForbidden or PullStatus.GroupForbidden or PullStatus.TopicForbidden or PullStatus.BroadcastForbidden => ResponseCode.NoPermission,
        PullStatus.GroupMissing or PullStatus.GroupToBeMade => ResponseCode.SubscriptionGroupNotExist,
        PullStatus.TopicMissing => ResponseCode.TopicNotExist,
        PullStatus.BadQueue => ResponseCode.InvalidParameter,
        PullStatus.GroupNotOnline or PullStatus.SubscriptionMissing or PullStatus.PullConsumerRejected => ResponseCode.SubscriptionNotExist,
        PullStatus.SubscriptionNotLatest => ResponseCode.SubscriptionNotLatest,
        _ => ResponseCode.SystemError,
    };

    /// <summary>The remark as UTF-8; where it names something it is written to <paramref name="buffer"/>, which holds <see cref="MaxRemarkBytes"/>.</summary>
    public ReadOnlySpan<byte> RemarkOf(PullStatus status, scoped in PullRequest request, Span<byte> buffer)
    {
        CultureInfo text = CultureInfo.InvariantCulture;
        ReadOnlySpan<byte> topic = request.Topic[..Math.Min(request.Topic.Length, MaxNameBytes)];
        ReadOnlySpan<byte> group = request.ConsumerGroup[..Math.Min(request.ConsumerGroup.Length, MaxNameBytes)];
        int length;
        switch (status)
        {
            case PullStatus.BrokerNotReadable:
                Utf8.TryWrite(buffer, text, $"the broker[{address.Host}] pulling message is forbidden", out length);
                break;
            case PullStatus.LitePullForbidden:
                Utf8.TryWrite(buffer, text, $"the broker[{address.Host}] for lite pull consumer is forbidden", out length);
                break;
            case PullStatus.GroupMissing or PullStatus.GroupToBeMade:
                Utf8.TryWrite(buffer, text, $"subscription group [{group}] does not exist", out length);
                break;
            case PullStatus.GroupForbidden:
                Utf8.TryWrite(buffer, text, $"subscription group no permission, {group}", out length);
                break;
            case PullStatus.TopicMissing:
                Utf8.TryWrite(buffer, text, $"topic[{topic}] not exist, apply first please!", out length);
                break;
            case PullStatus.TopicForbidden:
                Utf8.TryWrite(buffer, text, $"the topic[{topic}] pulling message is forbidden", out length);
                break;
            case PullStatus.BadQueue:
                int queues = topics.TryGet(request.Topic, out TopicState? state) ? state.Config.ReadQueueNums : 0;
                Utf8.TryWrite(buffer, text, $"queueId[{request.QueueId}] is illegal, topic:[{topic}] topicConfig.readQueueNums:[{queues}]", out length);
                break;
            case PullStatus.BroadcastForbidden:
                Utf8.TryWrite(buffer, text, $"the consumer group[{group}] can not consume by broadcast way", out length);
                break;
            case PullStatus.GroupNotOnline:
                return "the consumer's group info not exist"u8;
            case PullStatus.SubscriptionMissing:
                return "the consumer's subscription not exist"u8;
            case PullStatus.SubscriptionNotLatest:
                return "the consumer's subscription not latest"u8;
            case PullStatus.PullConsumerRejected:
                return "the consumer group is a pull consumer, which rejectPullConsumerEnable refuses"u8;
            case PullStatus.SqlNotSupported:
                Utf8.TryWrite(buffer, text, $"{CheckClientHandler.NoSql}", out length);
                break;
            default:
                return "UNKNOWN_ERROR"u8;
        }

        return buffer[..length];
    }
}
