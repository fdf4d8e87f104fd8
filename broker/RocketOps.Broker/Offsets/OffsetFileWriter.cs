using System.Buffers;
using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Encodings.Web;
using System.Text.Json;
using RocketOps.Protocol.Bodies;
using RocketOps.Store.Contracts;

namespace RocketOps.Broker.Offsets;

/// <summary>
/// Writes the offset files as Java does: tabs, no blank after colons, queue ids and levels as bare keys, which System.Text.Json cannot write. A hundred thousand
/// offsets are written every few seconds, so numbers go to the output without a string each.
/// </summary>
internal static class OffsetFileWriter
{
    /// <summary>
    /// The entries at one moment, in order of their keys. <see cref="ConcurrentDictionary{TKey, TValue}.ToArray"/> takes them under the table's locks; LINQ's operators
    /// ask for the count first and copy afterwards, which throws when an entry is added in between.
    /// </summary>
    public static KeyValuePair<int, long>[] Sorted(ConcurrentDictionary<int, long> offsets)
    {
        KeyValuePair<int, long>[] entries = offsets.ToArray();
        Array.Sort(entries, static (left, right) => left.Key.CompareTo(right.Key));
        return entries;
    }

    // {<nl>
    // <tab>"dataVersion":{<nl> … <tab>},<nl>
    // <tab>"rocketOpsDeletions":{<nl>
    // <tab><tab>"topic":1733000000123<nl>
    // <tab>},<nl>
    // <tab>"rocketOpsLog":{<nl>
    // <tab><tab>"end":2048,<nl>
    // <tab><tab>"records":{"0":17310288231,"1024":90913872}<nl>
    // <tab>},<nl>
    // <tab>"offsetTable":{<nl>
    // <tab><tab>"topic@group":{<nl>
    // <tab><tab><tab>0:118,<nl>
    // …
    public static void WriteConsumerOffsets(
        IBufferWriter<byte> output, DataVersion version, OffsetLog? log, IEnumerable<KeyValuePair<string, long>> deletions,
        IEnumerable<KeyValuePair<string, KeyValuePair<int, long>[]>> offsets)
    {
        BeginFile(output, version);
        output.Write("\t\"rocketOpsDeletions\":{"u8);
        bool first = true;
        foreach ((string topic, long time) in deletions)
        {
            output.Write(first ? "\n\t\t\""u8 : ",\n\t\t\""u8);
            first = false;
            output.Write(JsonEncodedText.Encode(topic, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes);
            output.Write("\":"u8);
            Put(output, time);
        }

        output.Write("\n\t},\n"u8);
        if (log is not null)
        {
            WriteLog(output, log);
        }

        BeginTable(output);
        first = true;
        foreach ((string key, KeyValuePair<int, long>[] queues) in offsets)
        {
            output.Write(first ? "\n\t\t\""u8 : ",\n\t\t\""u8);
            first = false;
            output.Write(JsonEncodedText.Encode(key, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes);
            output.Write("\":{"u8);
            WriteEntries(output, queues, "\n\t\t\t"u8);
            output.Write("\n\t\t}"u8);
        }

        output.Write("\n\t}\n}"u8);
    }

    public static void WriteDelayOffsets(IBufferWriter<byte> output, DataVersion version, KeyValuePair<int, long>[] levels)
    {
        BeginFile(output, version);
        BeginTable(output);
        WriteEntries(output, levels, "\n\t\t"u8);
        output.Write("\n\t}\n}"u8);
    }

    private static void BeginFile(IBufferWriter<byte> output, DataVersion version)
    {
        output.Write("{\n\t\"dataVersion\":{\n\t\t\"counter\":"u8);
        Put(output, version.Counter);
        output.Write(",\n\t\t\"stateVersion\":"u8);
        Put(output, version.StateVersion);
        output.Write(",\n\t\t\"timestamp\":"u8);
        Put(output, version.Timestamp);
        output.Write("\n\t},\n"u8);
    }

    private static void WriteLog(IBufferWriter<byte> output, OffsetLog log)
    {
        output.Write("\t\"rocketOpsLog\":{\n\t\t\"end\":"u8);
        Put(output, log.End);
        output.Write(",\n\t\t\"records\":{"u8);
        bool first = true;
        foreach ((long offset, ulong mark) in (log.Records ?? LogRecords.None.Marks).OrderBy(static record => record.Key))
        {
            output.Write(first ? "\""u8 : ",\""u8);
            first = false;
            Put(output, offset);
            output.Write("\":"u8);
            Put(output, mark);
        }

        output.Write("}\n\t},\n"u8);
    }

    private static void BeginTable(IBufferWriter<byte> output) => output.Write("\t\"offsetTable\":{"u8);

    private static void WriteEntries(IBufferWriter<byte> output, KeyValuePair<int, long>[] entries, ReadOnlySpan<byte> indent)
    {
        for (int i = 0; i < entries.Length; i++)
        {
            if (i > 0)
            {
                output.Write(","u8);
            }

            output.Write(indent);
            Put(output, entries[i].Key);
            output.Write(":"u8);
            Put(output, entries[i].Value);
        }
    }

    private static void Put(IBufferWriter<byte> output, ulong number)
    {
        bool fits = Utf8Formatter.TryFormat(number, output.GetSpan(20), out int written);
        Debug.Assert(fits, "a 64-bit number has at most 20 characters");
        output.Advance(written);
    }

    private static void Put(IBufferWriter<byte> output, long number)
    {
        bool fits = Utf8Formatter.TryFormat(number, output.GetSpan(20), out int written);
        Debug.Assert(fits, "a 64-bit number has at most 20 characters");
        output.Advance(written);
    }
}
