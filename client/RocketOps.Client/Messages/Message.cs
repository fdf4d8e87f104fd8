using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace RocketOps.Client;

/// <summary>A message to send. Not thread-safe; not changed by sending.</summary>
public sealed class Message
{
    private readonly Dictionary<string, string> _properties = new(StringComparer.Ordinal);
    private Delays _delays;

    /// <param name="topic">Name of the topic.</param>
    /// <param name="body">Borrowed until the send has completed.</param>
    /// <param name="tag">What consumers filter by; null for none.</param>
    /// <param name="keys">What the message can be found by later.</param>
    public Message(string topic, ReadOnlyMemory<byte> body, string? tag = null, params IEnumerable<string> keys)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(topic);
        Topic = topic;
        Body = body;
        Tag = tag;
        string joined = string.Join(PropertyNames.KeySeparator, keys);
        if (joined.Length > 0)
        {
            _properties[PropertyNames.Keys] = joined;
        }
    }

    /// <param name="topic">Name of the topic.</param>
    /// <param name="body">Sent as UTF-8.</param>
    /// <param name="tag">What consumers filter by; null for none.</param>
    /// <param name="keys">What the message can be found by later.</param>
    public Message(string topic, string body, string? tag = null, params IEnumerable<string> keys)
        : this(topic, Encoding.UTF8.GetBytes(body), tag, keys)
    {
    }

    public string Topic { get; }

    public ReadOnlyMemory<byte> Body { get; }

    public string? Tag
    {
        get => _properties.GetValueOrDefault(PropertyNames.Tags);
        init => SetReserved(PropertyNames.Tags, value);
    }

    /// <summary>Keys separated by a blank; null for none.</summary>
    public string? Keys
    {
        get => _properties.GetValueOrDefault(PropertyNames.Keys);
        init => SetReserved(PropertyNames.Keys, value);
    }

    /// <summary>Delay level 1–18 of the broker (1 s … 2 h by default); 0 delivers at once. At most one of this, <see cref="DeliverAt"/> and <see cref="DeliverAfter"/>.</summary>
    public int DelayLevel
    {
        get => (int)(Read(PropertyNames.Delay) ?? 0);
        init => SetDelay(PropertyNames.Delay, Delays.Level, value > 0 ? value : null);
    }

    /// <summary>
    /// Time from which on consumers get it, to the second; null, or a time that has passed, delivers at once. For brokers of 5.0 and later, up to their timerMaxDelaySec (3 days)
    /// ahead; older ones deliver at once, and a warning says so.
    /// </summary>
    public DateTimeOffset? DeliverAt
    {
        get => Read(PropertyNames.TimerDeliverMs) is { } milliseconds ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds) : null;
        init => SetDelay(PropertyNames.TimerDeliverMs, Delays.Time, value?.ToUnixTimeMilliseconds());
    }

    /// <summary>
    /// Delay until consumers get it, like <see cref="DeliverAt"/>, but counted from when the broker gets it. Null delivers at once. Throws
    /// <see cref="ArgumentOutOfRangeException"/> when negative.
    /// </summary>
    public TimeSpan? DeliverAfter
    {
        get => Read(PropertyNames.TimerDelayMs) is { } milliseconds ? TimeSpan.FromMilliseconds(milliseconds) : null;
        init
        {
            TimeSpan later = value ?? TimeSpan.Zero;
            ArgumentOutOfRangeException.ThrowIfLessThan(later, TimeSpan.Zero, nameof(value));
            SetDelay(PropertyNames.TimerDelayMs, Delays.After, later > TimeSpan.Zero ? (long)Math.Ceiling(later.TotalMilliseconds) : null);
        }
    }

    /// <summary>False lets the broker answer before the message is flushed or replicated, whatever it is configured to.</summary>
    public bool WaitStored { get; init; } = true;

    /// <summary>A number of the application's, stored as it is.</summary>
    public int Flag { get; init; }

    /// <summary>True when it is to be delivered later than it is stored.</summary>
    internal bool IsDelayed => _delays != Delays.None;

    /// <summary>True when its delay is given in more than one way.</summary>
    internal bool IsDelayedTwice => (_delays & (_delays - 1)) != Delays.None;

    /// <summary>True when brokers before 5.0 do not understand its delay.</summary>
    internal bool IsTimed => (_delays & (Delays.Time | Delays.After)) != Delays.None;

    /// <summary><see cref="Properties"/> to walk without allocating.</summary>
    internal Dictionary<string, string> AllProperties => _properties;

    /// <summary>All properties, those of the protocol included.</summary>
    public IReadOnlyDictionary<string, string> Properties => _properties;

    /// <summary>A message whose body is a value as JSON, written without reflection by what a <c>JsonSerializerContext</c> generated.</summary>
    public static Message FromJson<T>(string topic, T value, JsonTypeInfo<T> type, string? tag = null, params IEnumerable<string> keys) =>
        new(topic, JsonSerializer.SerializeToUtf8Bytes(value, type), tag, keys);

    /// <summary>
    /// Sets a property of the application. Throws <see cref="ArgumentException"/> for an empty name or value and for names the protocol uses itself.
    /// </summary>
    public Message SetProperty(string name, string value)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentException.ThrowIfNullOrWhiteSpace(value);
        if (ReservedProperties.Names.Contains(name))
        {
            throw new ArgumentException($"the property name {name} belongs to the protocol", nameof(name));
        }

        if (MessagePropertiesCodec.ContainsSeparator(name) || MessagePropertiesCodec.ContainsSeparator(value))
        {
            throw new ArgumentException("U+0001 and U+0002 separate properties and cannot be part of one", nameof(value));
        }

        _properties[name] = value;
        return this;
    }

    private long? Read(string name) => _properties.TryGetValue(name, out string? value) ? long.Parse(value, CultureInfo.InvariantCulture) : null;

    private void SetDelay(string name, Delays kind, long? value)
    {
        SetReserved(name, value?.ToString(CultureInfo.InvariantCulture));
        _delays = value is null ? _delays & ~kind : _delays | kind;
    }

    private void SetReserved(string name, string? value)
    {
        if (string.IsNullOrEmpty(value))
        {
            _properties.Remove(name);
        }
        else if (MessagePropertiesCodec.ContainsSeparator(value))
        {
            throw new ArgumentException("U+0001 and U+0002 separate properties and cannot be part of one", nameof(value));
        }
        else
        {
            _properties[name] = value;
        }
    }

    [Flags]
    private enum Delays
    {
        None = 0,
        Level = 1,
        Time = 2,
        After = 4,
    }
}
