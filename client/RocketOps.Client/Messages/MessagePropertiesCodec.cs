using System.Text;

namespace RocketOps.Client;

/// <summary>
/// The properties of a message as one string: <c>name U+0001 value U+0002</c> repeated. Source: remoting.md §4.2.
/// </summary>
internal static class MessagePropertiesCodec
{
    /// <summary>Longest string in UTF-8 bytes: its length is stored as a signed 16-bit number.</summary>
    public const int MaxBytes = short.MaxValue;

    private const char NameValueSeparator = '\u0001';
    private const char PropertySeparator = '\u0002';

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

    /// <summary>Reads as Java does: an entry without a value is dropped, a later separator belongs to the value, the last of two equal names wins.</summary>
    public static Dictionary<string, string> Read(string text)
    {
        Dictionary<string, string> properties = new(StringComparer.Ordinal);
        foreach (Range range in text.AsSpan().Split(PropertySeparator))
        {
            ReadOnlySpan<char> entry = text.AsSpan(range);
            int separator = entry.IndexOf(NameValueSeparator);
            if (separator > 0 && separator < entry.Length - 1)
            {
                properties[entry[..separator].ToString()] = entry[(separator + 1)..].ToString();
            }
        }

        return properties;
    }
}
