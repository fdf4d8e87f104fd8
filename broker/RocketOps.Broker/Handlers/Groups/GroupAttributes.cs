using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Globalization;
using RocketOps.Broker.Groups;
using RocketOps.Protocol.Commands;

namespace RocketOps.Broker.Handlers.Groups;

/// <summary>
/// Changes to a group's attributes as requests write them: <c>+key</c> adds or replaces, <c>-key</c> removes, a name without a sign is added; those that are not named stay. Only names that RocketMQ knows
/// are taken, in its words, since a misspelt one would be kept and do nothing. Source: admin.md §2.3, apache/rocketmq AttributeUtil and SubscriptionGroupAttributes 5.5.0.
/// </summary>
internal static class GroupAttributes
{
    /// <summary>Checks of values, by name: each returns what is wrong, null when nothing is.</summary>
    private static readonly FrozenDictionary<string, Func<string, string?>> Known = new Dictionary<string, Func<string, string?>>(StringComparer.Ordinal)
    {
        ["priority.factor"] = static value => Range(value, 0, 100),
        ["lite.bind.topic"] = static _ => null,
        ["lite.sub.model"] = static value => value is "Shared" or "Exclusive" ? null : "value is not in set: [Shared, Exclusive]",
        ["lite.sub.reset.offset.exclusive"] = Boolean,
        ["lite.sub.reset.offset.unsubscribe"] = Boolean,
        ["lite.sub.client.quota"] = static value => Range(value, -1, long.MaxValue),
        ["lite.sub.client.max.event.cnt"] = static value => Range(value, 10, long.MaxValue),
        ["lite.sub.wildcard"] = static _ => null,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <param name="existing">The group; null when it is not there yet.</param>
    /// <param name="changes">Those of the request's body.</param>
    public static ImmutableSortedDictionary<string, string> Apply(SubscriptionGroupConfig? existing, ImmutableSortedDictionary<string, string>? changes)
    {
        ImmutableSortedDictionary<string, string> attributes = existing?.Attributes ?? ImmutableSortedDictionary<string, string>.Empty;
        foreach ((string key, string value) in changes ?? ImmutableSortedDictionary<string, string>.Empty)
        {
            string name = key.TrimStart('+', '-');
            if (name.Length == 0 || key.Length - name.Length > 1)
            {
                throw new RemotingCommandException(ResponseCode.InvalidParameter, $"attribute change \"{key}\" is neither +key nor -key");
            }

            attributes = key[0] == '-' ? attributes.Remove(name) : attributes.SetItem(name, Checked(name, value));
        }

        return attributes;
    }

    private static string Checked(string name, string value)
    {
        if (!Known.TryGetValue(name, out Func<string, string?>? check))
        {
            throw new RemotingCommandException(ResponseCode.SystemError, $"unsupported key: {name}");
        }

        return check(value) is { } problem ? throw new RemotingCommandException(ResponseCode.SystemError, $"{problem} ({name}: {value})") : value;
    }

    private static string? Range(string value, long least, long most) =>
        long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) && number >= least && number <= most
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"value is not in range({least}, {most})");

    private static string? Boolean(string value) => bool.TryParse(value, out _) ? null : "boolean attribute format is wrong.";
}
