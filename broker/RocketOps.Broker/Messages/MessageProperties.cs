using System.Buffers;
using System.Text;

namespace RocketOps.Broker.Messages;

/// <summary>Properties as an ordered list that can be changed; for retries, delays and queries. Duplicates: the last one wins.</summary>
internal sealed class MessageProperties
{
    private readonly List<KeyValuePair<string, string>> _entries = [];

    public static MessageProperties Parse(ReadOnlySpan<byte> encoded)
    {
        MessageProperties properties = new();
        PropertyReader reader = new(encoded);
        while (reader.TryRead(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
        {
            properties.Set(Encoding.UTF8.GetString(name), Encoding.UTF8.GetString(value));
        }

        return properties;
    }

    public string? Get(string name)
    {
        int at = IndexOf(name);
        return at < 0 ? null : _entries[at].Value;
    }

    public MessageProperties Set(string name, string value)
    {
        int at = IndexOf(name);
        if (at < 0)
        {
            _entries.Add(new(name, value));
        }
        else
        {
            _entries[at] = new(name, value);
        }

        return this;
    }

    public MessageProperties Remove(string name)
    {
        int at = IndexOf(name);
        if (at >= 0)
        {
            _entries.RemoveAt(at);
        }

        return this;
    }

    public byte[] Encode()
    {
        ArrayBufferWriter<byte> output = new(256);
        foreach ((string name, string value) in _entries)
        {
            Encoding.UTF8.GetBytes(name, output);
            output.Write([PropertyReader.NameEnd]);
            Encoding.UTF8.GetBytes(value, output);
            output.Write([PropertyReader.PropertyEnd]);
        }

        return output.WrittenSpan.ToArray();
    }

    private int IndexOf(string name) => _entries.FindIndex(entry => string.Equals(entry.Key, name, StringComparison.Ordinal));
}
