using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using RocketOps.Broker.Json;

namespace RocketOps.Broker.Offsets;

/// <summary>Writes the offset files as Java does: tabs, no blank after colons, queue ids and levels as bare keys, which System.Text.Json cannot write.</summary>
internal static class OffsetFileWriter
{
    // {<nl>
    // <tab>"dataVersion":{<nl> … <tab>},<nl>
    // <tab>"offsetTable":{<nl>
    // <tab><tab>"topic@group":{<nl>
    // <tab><tab><tab>0:118,<nl>
    // …
    public static byte[] WriteConsumerOffsets(DataVersion version, IEnumerable<KeyValuePair<string, IReadOnlyList<KeyValuePair<int, long>>>> offsets)
    {
        ArrayBufferWriter<byte> output = new(4096);
        BeginTable(output, version);
        bool first = true;
        foreach ((string key, IReadOnlyList<KeyValuePair<int, long>> queues) in offsets)
        {
            Put(output, first ? "\n\t\t\"" : ",\n\t\t\"");
            first = false;
            output.Write(JsonEncodedText.Encode(key, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes);
            Put(output, "\":{");
            WriteEntries(output, queues, "\n\t\t\t");
            Put(output, "\n\t\t}");
        }

        Put(output, "\n\t}\n}");
        return output.WrittenSpan.ToArray();
    }

    public static byte[] WriteDelayOffsets(DataVersion version, IReadOnlyList<KeyValuePair<int, long>> levels)
    {
        ArrayBufferWriter<byte> output = new(512);
        BeginTable(output, version);
        WriteEntries(output, levels, "\n\t\t");
        Put(output, "\n\t}\n}");
        return output.WrittenSpan.ToArray();
    }

    private static void BeginTable(ArrayBufferWriter<byte> output, DataVersion version) =>
        Put(
            output,
            string.Create(
                CultureInfo.InvariantCulture,
                $"{{\n\t\"dataVersion\":{{\n\t\t\"counter\":{version.Counter},\n\t\t\"stateVersion\":{version.StateVersion},\n\t\t\"timestamp\":{version.Timestamp}\n\t}},\n\t\"offsetTable\":{{"));

    private static void WriteEntries(ArrayBufferWriter<byte> output, IReadOnlyList<KeyValuePair<int, long>> entries, string indent)
    {
        for (int i = 0; i < entries.Count; i++)
        {
            Put(output, string.Create(CultureInfo.InvariantCulture, $"{(i == 0 ? string.Empty : ",")}{indent}{entries[i].Key}:{entries[i].Value}"));
        }
    }

    private static void Put(ArrayBufferWriter<byte> output, string text) => Encoding.UTF8.GetBytes(text, output);
}
