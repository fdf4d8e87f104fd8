using System.Text;

namespace RocketOps.Client;

/// <summary>
/// The properties of a message as one text, and back. How it is written: <see cref="PropertyReader"/>. Source: remoting.md §4.2.
/// </summary>
internal static class MessagePropertiesCodec
{
    /// <summary>Longest string in UTF-8 bytes: its length is stored as a signed 16-bit number.</summary>
    public const int MaxBytes = RecordLayout.MaxPropertiesBytes;

    private const char NameValueSeparator = (char)PropertyReader.NameEnd;
    private const char PropertySeparator = (char)PropertyReader.PropertyEnd;

    public static bool ContainsSeparator(string text) => text.AsSpan().IndexOfAny(NameValueSeparator, PropertySeparator) >= 0;

    public static string Write(IEnumerable<KeyValuePair<string, string>> properties)
    {
        StringBuilder text = new();
        foreach ((string name, string value) in properties)
        {
            text.Append(name).Append(NameValueSeparator).Append(value).Append(PropertySeparator);
        }

        return text.ToString();
    }

    /// <summary>Bytes one property takes; none without a value.</summary>
    public static int Size(string name, string? value) => value is null ? 0 : Encoding.UTF8.GetByteCount(name) + Encoding.UTF8.GetByteCount(value) + 2;

    /// <summary>Writes one property and returns its <see cref="Size"/>.</summary>
    public static int Write(string name, string? value, Span<byte> destination)
    {
        if (value is null)
        {
            return 0;
        }

        int at = Encoding.UTF8.GetBytes(name, destination);
        destination[at++] = PropertyReader.NameEnd;
        at += Encoding.UTF8.GetBytes(value, destination[at..]);
        destination[at++] = PropertyReader.PropertyEnd;
        return at;
    }

    /// <summary>Reads encoded properties; of two equal names the last wins.</summary>
    public static Dictionary<string, string> Read(ReadOnlySpan<byte> encoded)
    {
        Dictionary<string, string> properties = new(StringComparer.Ordinal);
        PropertyReader reader = new(encoded);
        while (reader.TryRead(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
        {
            properties[Encoding.UTF8.GetString(name)] = Encoding.UTF8.GetString(value);
        }

        return properties;
    }
}
