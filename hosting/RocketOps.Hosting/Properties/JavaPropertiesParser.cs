using System.Globalization;
using System.Text;

namespace RocketOps.Hosting.Properties;

/// <summary>
/// Reads the syntax of java.util.Properties, in which RocketMQ's configuration files and the bodies of the configuration requests are written:
/// <c>key=value</c>, <c>key: value</c> or <c>key value</c>; <c>#</c> and <c>!</c> begin comments; a backslash at the end of a line continues it;
/// <c>\t \n \r \f \uXXXX</c> are escapes and any other escaped character stands for itself. Blanks before a value are dropped, those after it kept.
/// Source: java.util.Properties.load, admin.md §5.1.
/// </summary>
public static class JavaPropertiesParser
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>
    /// Reads a file. Java reads ISO-8859-1; bytes that are well-formed UTF-8 are taken as such here, because that is what editors write, and only the rest as
    /// ISO-8859-1. The two agree on ASCII.
    /// </summary>
    public static IReadOnlyList<PropertyEntry> ParseFile(string path, ICollection<PropertyProblem> problems)
    {
        byte[] bytes = File.ReadAllBytes(path);
        return Parse(Decode(bytes), path, problems);
    }

    /// <summary>Reads the body of a configuration request or the bytes of a file, see <see cref="ParseFile"/> for the encoding.</summary>
    public static IReadOnlyList<PropertyEntry> Parse(ReadOnlySpan<byte> bytes, string source, ICollection<PropertyProblem> problems) =>
        Parse(Decode(bytes), source, problems);

    /// <summary>Entries in the order written, duplicates included; a malformed escape adds a problem and leaves its entry out.</summary>
    public static IReadOnlyList<PropertyEntry> Parse(string text, string source, ICollection<PropertyProblem> problems)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(problems);
        List<PropertyEntry> entries = [];
        StringBuilder logical = new();
        int position = 0;
        int line = 0;
        while (position < text.Length)
        {
            int first = line + 1;
            logical.Clear();
            bool continued;
            do
            {
                ReadOnlySpan<char> natural = ReadLine(text, ref position);
                line++;
                natural = natural.TrimStart(" \t\f");
                if (logical.Length == 0 && (natural.IsEmpty || natural[0] is '#' or '!'))
                {
                    // A comment never continues, whatever it ends with.
                    break;
                }

                continued = EndsWithOpenBackslash(natural);
                logical.Append(continued ? natural[..^1] : natural);
            }
            while (continued && position < text.Length);

            if (logical.Length > 0)
            {
                PropertyOrigin origin = new(source, first);
                if (TrySplit(logical.ToString(), out string key, out string value))
                {
                    entries.Add(new PropertyEntry(key, value, origin));
                }
                else
                {
                    problems.Add(new PropertyProblem(origin, key.Length > 0 ? key : null, "a \\u escape needs four hexadecimal digits; a plain backslash is written \\\\"));
                }
            }
        }

        return entries;
    }

    private static string Decode(ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<byte> bom = [0xEF, 0xBB, 0xBF];
        if (bytes.StartsWith(bom))
        {
            bytes = bytes[bom.Length..];
        }

        try
        {
            return StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return Encoding.Latin1.GetString(bytes);
        }
    }

    private static ReadOnlySpan<char> ReadLine(string text, ref int position)
    {
        ReadOnlySpan<char> rest = text.AsSpan(position);
        int end = rest.IndexOfAny('\r', '\n');
        if (end < 0)
        {
            position = text.Length;
            return rest;
        }

        int terminator = rest[end] == '\r' && end + 1 < rest.Length && rest[end + 1] == '\n' ? 2 : 1;
        position += end + terminator;
        return rest[..end];
    }

    private static bool EndsWithOpenBackslash(ReadOnlySpan<char> line)
    {
        int backslashes = line.Length - line.TrimEnd('\\').Length;
        return backslashes % 2 == 1;
    }

    private static bool TrySplit(string line, out string key, out string value)
    {
        int end = 0;
        while (end < line.Length && line[end] is not ('=' or ':' or ' ' or '\t' or '\f'))
        {
            end += line[end] == '\\' ? 2 : 1;
        }

        end = Math.Min(end, line.Length);
        int start = end;
        start = SkipBlanks(line, start);
        if (start < line.Length && line[start] is '=' or ':')
        {
            start = SkipBlanks(line, start + 1);
        }

        bool keyReadable = TryUnescape(line.AsSpan(0, end), out key);
        bool valueReadable = TryUnescape(line.AsSpan(start), out value);
        return keyReadable && valueReadable;
    }

    private static int SkipBlanks(string line, int index)
    {
        while (index < line.Length && line[index] is ' ' or '\t' or '\f')
        {
            index++;
        }

        return index;
    }

    private static bool TryUnescape(ReadOnlySpan<char> text, out string result)
    {
        if (!text.Contains('\\'))
        {
            result = text.ToString();
            return true;
        }

        StringBuilder plain = new(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            char character = text[i];
            if (character != '\\' || ++i == text.Length)
            {
                if (character != '\\')
                {
                    plain.Append(character);
                }

                continue;
            }

            switch (text[i])
            {
                case 't':
                    plain.Append('\t');
                    break;
                case 'n':
                    plain.Append('\n');
                    break;
                case 'r':
                    plain.Append('\r');
                    break;
                case 'f':
                    plain.Append('\f');
                    break;
                case 'u':
                    if (i + 4 >= text.Length || !ushort.TryParse(text.Slice(i + 1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort unit))
                    {
                        result = plain.ToString();
                        return false;
                    }

                    plain.Append((char)unit);
                    i += 4;
                    break;
                default:
                    plain.Append(text[i]);
                    break;
            }
        }

        result = plain.ToString();
        return true;
    }
}
