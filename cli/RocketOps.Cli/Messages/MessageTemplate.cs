using System.Globalization;
using System.Text;
using RocketOps.Cli.Output;
using RocketOps.Cli.Running;
using RocketOps.Client;

namespace RocketOps.Cli.Messages;

/// <summary>A line per message with the places a user named: <c>{offset} {property.region} {body}</c>. Backslash n and t are what they usually are.</summary>
internal sealed class MessageTemplate
{
    private const string PropertyPrefix = "property.";

    private static readonly Dictionary<string, Func<ReceivedMessage, string?>> Places = new(StringComparer.Ordinal)
    {
        ["topic"] = static message => message.Topic,
        ["broker"] = static message => message.Queue.BrokerName,
        ["queue"] = static message => message.Queue.QueueId.ToString(CultureInfo.InvariantCulture),
        ["offset"] = static message => message.QueueOffset.ToString(CultureInfo.InvariantCulture),
        ["id"] = static message => message.MessageId,
        ["offsetId"] = static message => message.OffsetMessageId,
        ["tag"] = static message => message.Tag,
        ["keys"] = static message => message.Keys,
        ["storeTime"] = static message => message.StoreTime.ToString("O", CultureInfo.InvariantCulture),
        ["bornTime"] = static message => message.BornTime.ToString("O", CultureInfo.InvariantCulture),
        ["bornHost"] = static message => message.BornHost.ToString(),
        ["size"] = static message => message.Body.Length.ToString(CultureInfo.InvariantCulture),
        ["body"] = static message => MessageJson.Text(message.Body) ?? Convert.ToBase64String(message.Body.Span),
        ["base64"] = static message => Convert.ToBase64String(message.Body.Span),
    };

    private readonly List<Func<ReceivedMessage, string?>> _parts = [];

    private MessageTemplate()
    {
    }

    public static string Grammar => $"{{{string.Join("} {", Places.Keys)}}} {{{PropertyPrefix}NAME}}";

    /// <summary>Throws <see cref="FormatException"/> saying what is wrong with a template.</summary>
    public static MessageTemplate Parse(string text)
    {
        MessageTemplate template = new();
        string rest = text.Replace("\\n", "\n", StringComparison.Ordinal).Replace("\\t", "\t", StringComparison.Ordinal);
        while (rest.Length > 0)
        {
            int open = rest.IndexOf('{', StringComparison.Ordinal);
            string literal = open < 0 ? rest : rest[..open];
            template._parts.Add(_ => literal);
            if (open < 0)
            {
                break;
            }

            int close = rest.IndexOf('}', open);
            string name = close < 0 ? throw new FormatException("a { has no }.") : rest[(open + 1)..close];
            template._parts.Add(Place(name));
            rest = rest[(close + 1)..];
        }

        return template;
    }

    /// <summary>Texts of the message are printable; those of the template stay as they are.</summary>
    public string Format(ReceivedMessage message)
    {
        StringBuilder line = new();
        for (int i = 0; i < _parts.Count; i++)
        {
            string part = _parts[i](message) ?? string.Empty;
            line.Append(i % 2 == 0 ? part : Printable.OneLine(part));
        }

        return line.ToString();
    }

    private static Func<ReceivedMessage, string?> Place(string name)
    {
        if (name.StartsWith(PropertyPrefix, StringComparison.Ordinal))
        {
            string property = name[PropertyPrefix.Length..];
            return message => message.Properties.GetValueOrDefault(property);
        }

        return Places.TryGetValue(name, out Func<ReceivedMessage, string?>? place)
            ? place
            : throw new FormatException($"there is no place {{{name}}}.{NearestWord.Hint(name, Places.Keys)} There are {Grammar}.");
    }
}
