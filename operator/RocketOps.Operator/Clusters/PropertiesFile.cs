using System.Text;

namespace RocketOps.Operator.Clusters;

/// <summary>
/// Writes RocketMQ's configuration files (java.util.Properties). Keys are sorted and nothing depends on time, so equal settings give
/// equal bytes, and with them an equal hash.
/// </summary>
internal static class PropertiesFile
{
    public static string Render(IEnumerable<KeyValuePair<string, string>> properties)
    {
        StringBuilder text = new StringBuilder();
        foreach ((string? key, string? value) in properties.OrderBy(static pair => pair.Key, StringComparer.Ordinal))
        {
            AppendEscaped(text, key, isKey: true);
            text.Append('=');
            AppendEscaped(text, value, isKey: false);
            text.Append('\n');
        }

        return text.ToString();
    }

    private static void AppendEscaped(StringBuilder text, string value, bool isKey)
    {
        for (int i = 0; i < value.Length; i++)
        {
            char c = value[i];
            switch (c)
            {
                case '\\':
                    text.Append(@"\\");
                    break;
                case '\n':
                    text.Append(@"\n");
                    break;
                case '\r':
                    text.Append(@"\r");
                    break;
                case '\t':
                    text.Append(@"\t");
                    break;
                case ' ' when isKey || i == 0:
                    // Blanks before a value are skipped by readers and a blank ends a key.
                    text.Append(@"\ ");
                    break;
                case '=' or ':' or '#' or '!' when isKey:
                    text.Append('\\').Append(c);
                    break;
                default:
                    text.Append(c);
                    break;
            }
        }
    }
}
