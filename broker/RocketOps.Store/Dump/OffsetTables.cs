using System.Buffers;
using System.Text.Json;

namespace RocketOps.Store.Dump;

/// <summary>
/// The offset files below <c>config</c> as Java writes them: JSON but for bare integer keys (<c>{0:15,1:9}</c>). Keys are quoted on the way, the rest is copied.
/// </summary>
internal static class OffsetTables
{
    /// <summary>Writes the member <c>table</c> with the file's <c>offsetTable</c>, or what is wrong with the file.</summary>
    public static void WriteTable(Utf8JsonWriter json, ReadOnlySpan<byte> text)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(QuoteKeys(text));
            if (document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("offsetTable", out JsonElement table))
            {
                json.WritePropertyName("table");
                table.WriteTo(json);
            }
        }
        catch (JsonException e)
        {
            json.WriteString("error", e.Message);
        }
    }

    /// <summary>Puts quotes around bare numbers in front of a colon.</summary>
    internal static byte[] QuoteKeys(ReadOnlySpan<byte> text)
    {
        ArrayBufferWriter<byte> quoted = new(text.Length + 64);
        bool inString = false;
        int at = 0;
        while (at < text.Length)
        {
            byte value = text[at];
            if (inString)
            {
                inString = value != (byte)'"';
                int length = value == (byte)'\\' && at + 1 < text.Length ? 2 : 1;
                quoted.Write(text.Slice(at, length));
                at += length;
                continue;
            }

            int digits = 0;
            while (at + digits < text.Length && text[at + digits] is >= (byte)'0' and <= (byte)'9')
            {
                digits++;
            }

            int end = at + digits;
            while (digits > 0 && end < text.Length && text[end] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n')
            {
                end++;
            }

            if (digits > 0 && end < text.Length && text[end] == (byte)':')
            {
                quoted.Write("\""u8);
                quoted.Write(text.Slice(at, digits));
                quoted.Write("\""u8);
                at += digits;
                continue;
            }

            int plain = Math.Max(1, digits);
            inString = value == (byte)'"';
            quoted.Write(text.Slice(at, plain));
            at += plain;
        }

        return quoted.WrittenSpan.ToArray();
    }
}
