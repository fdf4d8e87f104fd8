using System.Collections.Immutable;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Commands;

namespace RocketOps.Broker.Handlers.Topics;

/// <summary>
/// Changes to topic attributes as requests write them: <c>+key=value</c> adds or replaces, <c>-key</c> removes. What a topic's queues are is said when it is created and stays:
/// with RocketMQ's code and words. Source: admin.md §2.2, apache/rocketmq AttributeUtil 5.5.0.
/// </summary>
internal static class TopicAttributes
{
    private static readonly string[] MessageTypes = ["NORMAL", "FIFO", "DELAY", "TRANSACTION", "MIXED", "UNSPECIFIED", "PRIORITY", "LITE"];

    /// <summary>The attributes of a topic after the changes of a request's header; null is a topic that is not there yet.</summary>
    public static ImmutableSortedDictionary<string, string> Apply(TopicConfig? existing, string? changes)
    {
        ImmutableSortedDictionary<string, string> attributes = Of(existing);
        foreach (string change in (changes ?? string.Empty).Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            int equals = change.IndexOf('=', StringComparison.Ordinal);
            attributes = equals < 0 ? Change(attributes, existing, change, null) : Change(attributes, existing, change[..equals], change[(equals + 1)..]);
        }

        return attributes;
    }

    /// <summary>The same for a request's body, which has the signs before the names; a name without one is added.</summary>
    public static ImmutableSortedDictionary<string, string> Apply(TopicConfig? existing, ImmutableSortedDictionary<string, string>? changes)
    {
        ImmutableSortedDictionary<string, string> attributes = Of(existing);
        foreach ((string key, string value) in changes ?? ImmutableSortedDictionary<string, string>.Empty)
        {
            attributes = key is ['+' or '-', ..] ? Change(attributes, existing, key, key[0] == '-' ? null : value) : Change(attributes, existing, "+" + key, value);
        }

        return attributes;
    }

    private static ImmutableSortedDictionary<string, string> Of(TopicConfig? existing) => existing?.Attributes ?? ImmutableSortedDictionary<string, string>.Empty;

    private static ImmutableSortedDictionary<string, string> Change(ImmutableSortedDictionary<string, string> attributes, TopicConfig? existing, string signedKey, string? value)
    {
        bool removes = signedKey is ['-', _, ..] && value is null;
        if (!removes && (signedKey is not ['+', _, ..] || value is null))
        {
            throw new RemotingCommandException(ResponseCode.InvalidParameter, $"attribute change \"{signedKey}{(value is null ? string.Empty : "=" + value)}\" is neither +key=value nor -key");
        }

        string key = signedKey[1..];
        if (existing is not null && string.Equals(key, TopicConfig.QueueType, StringComparison.Ordinal))
        {
            throw new RemotingCommandException(ResponseCode.SystemError, $"attempt to update an unchangeable attribute. key: {key}");
        }

        return value is null ? attributes.Remove(key) : attributes.SetItem(key, CheckValue(key, value));
    }

    private static string CheckValue(string key, string value) => key switch
    {
        "message.type" when !MessageTypes.Contains(value, StringComparer.Ordinal) =>
            throw new RemotingCommandException(ResponseCode.InvalidParameter, $"message.type {value} is none of {string.Join(", ", MessageTypes)}"),
        TopicConfig.QueueType when value is not (TopicConfig.BatchQueues or TopicConfig.SimpleQueues) =>
            throw new RemotingCommandException(ResponseCode.SystemError, $"value is not in set: [{TopicConfig.SimpleQueues}, {TopicConfig.BatchQueues}]"),
        _ => value,
    };
}
