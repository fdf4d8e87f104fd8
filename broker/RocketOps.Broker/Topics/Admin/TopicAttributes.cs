using System.Collections.Immutable;
using RocketOps.Remoting.Commands;

namespace RocketOps.Broker.Topics.Admin;

/// <summary>Changes to topic attributes as requests write them: <c>+key=value</c> adds or replaces, <c>-key</c> removes. Source: admin.md §2.2.</summary>
internal static class TopicAttributes
{
    private static readonly string[] MessageTypes = ["NORMAL", "FIFO", "DELAY", "TRANSACTION", "MIXED", "UNSPECIFIED", "PRIORITY", "LITE"];

    public static ImmutableSortedDictionary<string, string> Apply(ImmutableSortedDictionary<string, string>? current, string? changes)
    {
        ImmutableSortedDictionary<string, string> attributes = current ?? ImmutableSortedDictionary<string, string>.Empty;
        foreach (string change in (changes ?? string.Empty).Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            int equals = change.IndexOf('=', StringComparison.Ordinal);
            if (change[0] == '-' && change.Length > 1 && equals < 0)
            {
                attributes = attributes.Remove(change[1..]);
            }
            else if (change[0] == '+' && equals > 1)
            {
                attributes = attributes.SetItem(change[1..equals], CheckValue(change[1..equals], change[(equals + 1)..]));
            }
            else
            {
                throw new RemotingCommandException(ResponseCode.InvalidParameter, $"attribute change \"{change}\" is neither +key=value nor -key");
            }
        }

        return attributes;
    }

    private static string CheckValue(string key, string value) =>
        !string.Equals(key, "message.type", StringComparison.Ordinal) || MessageTypes.Contains(value, StringComparer.Ordinal)
            ? value
            : throw new RemotingCommandException(ResponseCode.InvalidParameter, $"message.type {value} is none of {string.Join(", ", MessageTypes)}");
}
