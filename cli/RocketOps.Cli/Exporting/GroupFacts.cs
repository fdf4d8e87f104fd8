using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Client;

namespace RocketOps.Cli.Exporting;

/// <summary>A broker's consumer group in the words of a ConsumerGroup object.</summary>
internal static class GroupFacts
{
    private const int MaxRetryQueues = 1024;
    private const int MaxAttributes = 32;

    public static BrokerFacts Of(SubscriptionGroupConfig group)
    {
        List<string> beyond = [];
        bool isSaid = true;
        JsonObject spec = new()
        {
            ["consumeEnable"] = group.ConsumeEnable,
            ["consumeBroadcastEnable"] = group.ConsumeBroadcastEnable,
            ["consumeFromMinEnable"] = group.ConsumeFromMinEnable,
            ["consumeMessageOrderly"] = group.ConsumeMessageOrderly,
            ["retryQueueNums"] = Within("retryQueueNums", group.RetryQueues, 0, MaxRetryQueues),
            ["retryMaxTimes"] = Within("retryMaxTimes", group.RetryMaxTimes, 0, int.MaxValue),
            ["consumeTimeoutMinute"] = Within("consumeTimeoutMinute", group.ConsumeTimeoutMinutes, 1, int.MaxValue),
            ["brokerId"] = Within("brokerId", group.BrokerId, 0, long.MaxValue),
            ["whichBrokerWhenConsumeSlowly"] = Within("whichBrokerWhenConsumeSlowly", group.WhichBrokerWhenConsumeSlowly, 0, long.MaxValue),
            ["notifyConsumerIdsChangedEnable"] = group.NotifyConsumerIdsChangedEnable,
        };
        if (RetryPolicyText.TryRead(group.RetryPolicy, out JsonObject? policy))
        {
            if (policy is not null)
            {
                spec["groupRetryPolicy"] = policy;
            }
        }
        else
        {
            Kept($"groupRetryPolicy is {NoteText.Quote(group.RetryPolicy!.Value.GetRawText())}");
        }

        if (group.Attributes is { Count: > 0 } attributes)
        {
            if (attributes.Count <= MaxAttributes && attributes.Keys.All(static name => name.Length > 0 && !name.AsSpan().ContainsAny('+', '-')))
            {
                spec["attributes"] = new JsonObject(attributes.OrderBy(static attribute => attribute.Key, StringComparer.Ordinal).Select(static attribute => KeyValuePair.Create(attribute.Key, (JsonNode?)attribute.Value)));
            }
            else
            {
                Kept($"attributes are more than {MaxAttributes}, or one has no name, or a sign in it ({string.Join(", ", attributes.Keys.Order(StringComparer.Ordinal).Take(5).Select(NoteText.Quote))})");
            }
        }

        if (group.SystemFlags != 0)
        {
            Kept(string.Create(CultureInfo.InvariantCulture, $"groupSysFlag is {group.SystemFlags}"));
        }

        if (group.Subscriptions is { ValueKind: JsonValueKind.Array } subscriptions && subscriptions.GetArrayLength() > 0)
        {
            Kept($"subscriptionDataSet is {NoteText.Quote(subscriptions.GetRawText())}");
        }

        foreach (string topic in group.ForbiddenTopics ?? [])
        {
            Kept($"it is forbidden to read {NoteText.Quote(topic)}");
        }

        return new BrokerFacts(spec.ToJsonString(), string.Join('\n', beyond), isSaid);

        long Within(string name, long found, long least, long most)
        {
            if (found < least || found > most)
            {
                beyond.Add(string.Create(CultureInfo.InvariantCulture, $"{name} is {found}, which is not from {least} to {most}"));
                isSaid = false;
            }

            return Math.Clamp(found, least, most);
        }

        void Kept(string what) => beyond.Add($"{what}, which the object does not say: it stays as it is");
    }
}

/// <summary>
/// Settings one broker has of a topic or consumer group, in the words of our objects. Compared by value: brokers that have the same share
/// one.
/// </summary>
/// <param name="Spec">The settings an object speaks of, as JSON, fields in a fixed order.</param>
/// <param name="Beyond">What an object cannot say, a line each; empty when there is nothing.</param>
/// <param name="IsSaid">Whether <paramref name="Spec"/> is what the broker has. Otherwise an object could only change it, so it may only watch.</param>
internal sealed record BrokerFacts(string Spec, string Beyond, bool IsSaid);
