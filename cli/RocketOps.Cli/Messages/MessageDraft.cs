using RocketOps.Client;

namespace RocketOps.Cli.Messages;

/// <summary>A message to be sent, before it is known to be a possible one.</summary>
internal sealed record MessageDraft
{
    public required ReadOnlyMemory<byte> Body { get; init; }

    public string? Tag { get; init; }

    public IReadOnlyList<string> Keys { get; init; } = [];

    public IReadOnlyDictionary<string, string> Properties { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    public int DelayLevel { get; init; }

    public string? ShardingKey { get; init; }

    /// <summary>Throws <see cref="ArgumentException"/> when it cannot be sent like this.</summary>
    public Message ToMessage(string topic)
    {
        Message message = new(topic, Body, Tag, Keys) { DelayLevel = DelayLevel };
        foreach ((string name, string value) in Properties)
        {
            message.SetProperty(name, value);
        }

        return message;
    }
}
