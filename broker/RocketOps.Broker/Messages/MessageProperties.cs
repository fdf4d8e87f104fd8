using System.Buffers;
using System.Text;

namespace RocketOps.Broker.Messages;

/// <summary>Properties as an ordered list that can be changed; for retries, delays and queries. Duplicates: the last one wins.</summary>
/// <param name="names">How names are told apart: ordinal but for tests, which count how often that is asked.</param>
internal sealed class MessageProperties(IEqualityComparer<string> names)
{
    /// <summary>
    /// Number of entries from which names are looked up in an index: a message of 32 KB may have some thousand, and each of them is looked
    /// for when it is added.
    /// </summary>
    private const int IndexedFrom = 16;

    private readonly List<KeyValuePair<string, string>> _entries = [];

    // Where each name is in the list; made when it is first asked for, and again after a removal.
    private Dictionary<string, int>? _index;

    public MessageProperties()
        : this(StringComparer.Ordinal)
    {
    }

    public static MessageProperties Parse(ReadOnlySpan<byte> encoded) => Parse(encoded, StringComparer.Ordinal);

    /// <summary>Same as the constructor; for tests.</summary>
    public static MessageProperties Parse(ReadOnlySpan<byte> encoded, IEqualityComparer<string> names)
    {
        MessageProperties properties = new(names);
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
            _index?.Add(name, _entries.Count - 1);
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
            _index = null;
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

    private int IndexOf(string name)
    {
        if (_entries.Count >= IndexedFrom)
        {
            _index ??= MakeIndex();
            return _index.GetValueOrDefault(name, -1);
        }

        for (int at = 0; at < _entries.Count; at++)
        {
            if (names.Equals(_entries[at].Key, name))
            {
                return at;
            }
        }

        return -1;
    }

    private Dictionary<string, int> MakeIndex()
    {
        Dictionary<string, int> index = new(_entries.Count * 2, names);
        for (int at = 0; at < _entries.Count; at++)
        {
            index.Add(_entries[at].Key, at);
        }

        return index;
    }
}
