using System.Globalization;
using System.Text;

namespace RocketOps.Hosting.Properties;

/// <summary>Writes <c>key=value</c> lines that <see cref="JavaPropertiesParser"/> and java.util.Properties read back as they were.</summary>
public static class JavaPropertiesWriter
{
    /// <summary>One line per pair, each ended by a line feed, in the order given.</summary>
    public static string Write(IEnumerable<KeyValuePair<string, string>> pairs)
    {
        ArgumentNullException.ThrowIfNull(pairs);
        StringBuilder text = new();
        foreach ((string key, string value) in pairs)
        {
            Escape(text, key, isKey: true);
            text.Append('=');
            Escape(text, value, isKey: false);
            text.Append('\n');
        }

        return text.ToString();
    }

    private static void Escape(StringBuilder text, string value, bool isKey)
    {
        for (int i = 0; i < value.Length; i++)
        {
            char character = value[i];
            switch (character)
            {
                case '\\':
                    text.Append("\\\\");
                    break;
                case '\t':
                    text.Append("\\t");
                    break;
                case '\n':
                    text.Append("\\n");
                    break;
                case '\r':
                    text.Append("\\r");
                    break;
                case '\f':
                    text.Append("\\f");
                    break;
                case ' ' when isKey || i == 0:
                    text.Append("\\ ");
                    break;
                case '=' or ':' or '#' or '!' when isKey:
                    text.Append('\\').Append(character);
                    break;
                case < ' ' or > '~':
                    text.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:X4}");
                    break;
                default:
                    text.Append(character);
                    break;
            }
        }
    }
}
