using RocketOps.Broker.Filtering;
using RocketOps.Broker.Filtering.Sql92;
using RocketOps.Store.Reading;

namespace RocketOps.Broker.Clients;

/// <summary>
/// Filters the retry topic of a group by the SQL92 expressions with which it subscribed to the topics its messages came from; a message of a topic that is not among them, or is
/// subscribed to by tags, is taken. Source: apache/rocketmq ExpressionForRetryMessageFilter (filterSupportRetry).
/// </summary>
internal sealed class RetryFilter(OnlineGroup group) : IMessageFilter
{
    public bool NeedsRecord => true;

    public bool MatchesTagsCode(long tagsCode) => true;

    public bool MatchesProperties(ReadOnlySpan<byte> properties)
    {
        ReadOnlySpan<byte> origin = default;
        PropertyReader reader = new(properties);
        while (reader.TryRead(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
        {
            if (name.SequenceEqual(PropertyNames.Utf8.RetryTopic))
            {
                origin = value;
            }
        }

        return origin.IsEmpty || !group.TryGetSubscription(origin, out SubscriptionData? subscription) || subscription.Filter is not SqlExpression expression
            || expression.MatchesProperties(properties);
    }

    public bool MatchesRecord(ReadOnlySpan<byte> record) =>
        RecordView.Parse(record, expectedOffset: -1, verifyCrc: false, out RecordView view) != RecordCheck.Valid || MatchesProperties(view.Properties);
}
