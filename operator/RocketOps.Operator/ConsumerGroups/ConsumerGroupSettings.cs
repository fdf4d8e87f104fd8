using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Client;
using RocketOps.Operator.Entities;

namespace RocketOps.Operator.ConsumerGroups;

/// <summary>The settings of a group that its object speaks of, beside those a broker has. What the object does not speak of stays as the broker has it.</summary>
internal static class ConsumerGroupSettings
{
    /// <summary>Returns the settings to write.</summary>
    /// <param name="name">On the broker.</param>
    /// <param name="spec">What is wanted.</param>
    /// <param name="found">What the broker has; null when it has no such group.</param>
    public static SubscriptionGroupConfig Wanted(string name, ConsumerGroupSpec spec, SubscriptionGroupConfig? found) => (found ?? new SubscriptionGroupConfig()) with
    {
        Name = name,
        ConsumeEnable = spec.ConsumeEnable,
        ConsumeFromMinEnable = spec.ConsumeFromMinEnable,
        ConsumeBroadcastEnable = spec.ConsumeBroadcastEnable,
        ConsumeMessageOrderly = spec.ConsumeMessageOrderly,
        RetryQueues = spec.RetryQueueNums,
        RetryMaxTimes = spec.RetryMaxTimes,
        ConsumeTimeoutMinutes = spec.ConsumeTimeoutMinute,
        BrokerId = spec.BrokerId,
        WhichBrokerWhenConsumeSlowly = spec.WhichBrokerWhenConsumeSlowly,
        NotifyConsumerIdsChangedEnable = spec.NotifyConsumerIdsChangedEnable,
        RetryPolicy = spec.GroupRetryPolicy is { } policy ? JsonElement.Parse(Write(policy).ToJsonString()) : found?.RetryPolicy,
        Attributes = Changes(spec.Attributes, found?.Attributes),
    };

    /// <summary><c>retryMaxTimes is 16, not 3; consumeEnable is false, not true</c>; null when nothing differs.</summary>
    public static string? Difference(ConsumerGroupSpec spec, SubscriptionGroupConfig found)
    {
        SubscriptionGroupConfig wanted = Wanted(found.Name, spec, found);
        (string Name, string Found, string Wanted)[] fields =
        [
            ("consumeEnable", Text(found.ConsumeEnable), Text(wanted.ConsumeEnable)),
            ("consumeBroadcastEnable", Text(found.ConsumeBroadcastEnable), Text(wanted.ConsumeBroadcastEnable)),
            ("consumeFromMinEnable", Text(found.ConsumeFromMinEnable), Text(wanted.ConsumeFromMinEnable)),
            ("consumeMessageOrderly", Text(found.ConsumeMessageOrderly), Text(wanted.ConsumeMessageOrderly)),
            ("retryQueueNums", Text(found.RetryQueues), Text(wanted.RetryQueues)),
            ("retryMaxTimes", Text(found.RetryMaxTimes), Text(wanted.RetryMaxTimes)),
            ("consumeTimeoutMinute", Text(found.ConsumeTimeoutMinutes), Text(wanted.ConsumeTimeoutMinutes)),
            ("brokerId", Text(found.BrokerId), Text(wanted.BrokerId)),
            ("whichBrokerWhenConsumeSlowly", Text(found.WhichBrokerWhenConsumeSlowly), Text(wanted.WhichBrokerWhenConsumeSlowly)),
            ("notifyConsumerIdsChangedEnable", Text(found.NotifyConsumerIdsChangedEnable), Text(wanted.NotifyConsumerIdsChangedEnable)),
            ("groupRetryPolicy", Normal(found.RetryPolicy), Normal(wanted.RetryPolicy)),
        ];
        string text = string.Join(
            "; ",
            fields.Concat(Attributes(spec.Attributes, found.Attributes)).Where(static field => field.Found != field.Wanted).Select(static field => $"{field.Name} is {field.Found}, not {field.Wanted}"));
        return text.Length == 0 ? null : text;
    }

    /// <summary>Brokers of RocketMQ 5 take attributes as changes to what they have: <c>+name</c> sets one, <c>-name</c> removes one. Null changes none, as brokers of 4.9 want it, which have none.</summary>
    private static Dictionary<string, string>? Changes(IReadOnlyDictionary<string, string>? wanted, IReadOnlyDictionary<string, string>? found)
    {
        Dictionary<string, string> changes = new(StringComparer.Ordinal);
        foreach ((string name, _, string? wants) in Pairs(wanted, found).Where(static attribute => attribute.Found != attribute.Wanted))
        {
            changes[wants is null ? "-" + name : "+" + name] = wants ?? "";
        }

        return changes.Count == 0 ? null : changes;
    }

    private static IEnumerable<(string Name, string Found, string Wanted)> Attributes(IReadOnlyDictionary<string, string>? wanted, IReadOnlyDictionary<string, string>? found) =>
        Pairs(wanted, found).Select(static attribute => ($"attribute {attribute.Name}", Text(attribute.Found), Text(attribute.Wanted)));

    /// <summary>Every attribute that is there or asked for, in the order of names; none when the object does not speak of them.</summary>
    private static IEnumerable<(string Name, string? Found, string? Wanted)> Pairs(IReadOnlyDictionary<string, string>? wanted, IReadOnlyDictionary<string, string>? found) => wanted is null
        ? []
        : wanted.Keys.Union(found?.Keys ?? [], StringComparer.Ordinal).Order(StringComparer.Ordinal).Select(name => (name, found?.GetValueOrDefault(name), wanted.GetValueOrDefault(name)));

    /// <summary>Writes the policy as brokers keep it. Source: admin.md §2.3.</summary>
    private static JsonObject Write(GroupRetryPolicySpec policy)
    {
        if (policy.Type == GroupRetryType.Customized)
        {
            return Customized(policy.CustomizedRetryPolicy?.Next);
        }

        ExponentialRetrySpec waits = policy.ExponentialRetryPolicy ?? new();
        return Exponential(waits.Initial, waits.Max, waits.Multiplier);
    }

    /// <summary>One text for all ways in which brokers write the same policy: members of the other type, and those that have their defaults, are left out by some.</summary>
    private static string Normal(JsonElement? policy)
    {
        if (policy is not { ValueKind: JsonValueKind.Object } given || !given.TryGetProperty("type", out JsonElement type) || type.GetString() != "EXPONENTIAL")
        {
            return Customized(policy is { ValueKind: JsonValueKind.Object } levels && Member(levels, "customizedRetryPolicy") is { } customized && Member(customized, "next") is { ValueKind: JsonValueKind.Array } next
                ? [.. next.EnumerateArray().Select(static wait => wait.GetInt64())]
                : null).ToJsonString();
        }

        ExponentialRetrySpec waits = new();
        JsonElement? exponential = Member(given, "exponentialRetryPolicy");
        return Exponential(Number(exponential, "initial") ?? waits.Initial, Number(exponential, "max") ?? waits.Max, Number(exponential, "multiplier") ?? waits.Multiplier).ToJsonString();
    }

    private static JsonObject Exponential(long initial, long max, long multiplier) => new()
    {
        ["type"] = "EXPONENTIAL",
        ["exponentialRetryPolicy"] = new JsonObject { ["initial"] = initial, ["max"] = max, ["multiplier"] = multiplier },
    };

    private static JsonObject Customized(IReadOnlyList<long>? waits)
    {
        JsonObject policy = new() { ["type"] = "CUSTOMIZED" };
        if (waits is { Count: > 0 })
        {
            policy["customizedRetryPolicy"] = new JsonObject { ["next"] = new JsonArray([.. waits.Select(static wait => (JsonNode)wait)]) };
        }

        return policy;
    }

    private static JsonElement? Member(JsonElement holder, string name) => holder.TryGetProperty(name, out JsonElement member) && member.ValueKind != JsonValueKind.Null ? member : null;

    private static long? Number(JsonElement? holder, string name) => holder is { } given && Member(given, name) is { } number ? number.GetInt64() : null;

    private static string Text(string? value) => value is null ? "absent" : $"\"{value}\"";

    private static string Text(bool value) => value ? "true" : "false";

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
