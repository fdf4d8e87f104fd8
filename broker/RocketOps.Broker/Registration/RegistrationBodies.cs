using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using RocketOps.Broker.Json;
using RocketOps.Broker.StaticTopics;
using RocketOps.Broker.StaticTopics.Mappings;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Bodies;

namespace RocketOps.Broker.Registration;

/// <summary>
/// Writes a broker's topics as bodies of REGISTER_BROKER. A table of usual size is one JSON text; a large one goes in RocketMQ's compressed format, as a frame holds no
/// more than 16 MiB, and 80 000 topics fill that as JSON. Source: remoting.md §3.3.
/// </summary>
internal static class RegistrationBodies
{
    /// <summary>JSON up to this is sent as it is: about 5 000 topics.</summary>
    public const int MaxPlainBytes = 1024 * 1024;

    /// <summary>Bytes of a compressed part before compression: far below what a frame holds after it, and what name servers take before they call it a bomb.</summary>
    public const int MaxInflatedBytes = 16 * 1024 * 1024;

    /// <summary>
    /// The whole table in as many parts as it needs, to be sent in this order. Name servers apply a part only when its version is not the one they have, so each has its
    /// own; the last one has the table's.
    /// </summary>
    public static IReadOnlyList<RegistrationPart> Write(DataVersion version, IReadOnlyDictionary<string, TopicConfig> topics, Func<string, TopicQueueMapping?> mappingOf, RegistrationOptions options)
    {
        if (options.SplitRegistrationSize > 0)
        {
            return WriteParts(version, [.. topics.Values.Chunk(options.SplitRegistrationSize)], [], mappingOf);
        }

        if (!options.CompressedRegister)
        {
            byte[] plain = WriteJson(version, topics, mappingOf);
            if (plain.Length <= MaxPlainBytes)
            {
                return [new RegistrationPart(plain, IsCompressed: false, Crc32: 0)];
            }
        }

        // The compressed format has no room for topicSysFlag: the few topics of unit mode follow as JSON.
        return WriteParts(
            version,
            [.. topics.Values.Where(static topic => topic.TopicSysFlag != 0).Chunk(MaxPlainBytes / 512)],
            SplitByBytes(topics.Values.Where(static topic => topic.TopicSysFlag == 0)),
            mappingOf);
    }

    /// <summary>A table of a few topics.</summary>
    public static RegistrationPart WriteChanges(DataVersion version, IReadOnlyDictionary<string, TopicConfig> topics, Func<string, TopicQueueMapping?> mappingOf) =>
        new(WriteJson(version, topics, mappingOf), IsCompressed: false, Crc32: 0);

    private static List<RegistrationPart> WriteParts(DataVersion version, List<TopicConfig[]> plain, List<TopicConfig[]> compressed, Func<string, TopicQueueMapping?> mappingOf)
    {
        List<RegistrationPart> parts = [];
        int left = plain.Count + compressed.Count;
        foreach (TopicConfig[] topics in compressed)
        {
            byte[] body = WriteCompressed(NextVersion(), topics, mappingOf);
            parts.Add(new RegistrationPart(body, IsCompressed: true, MaskedCrc32.Compute(body)));
        }

        foreach (TopicConfig[] topics in plain)
        {
            parts.Add(WriteChanges(NextVersion(), topics.ToDictionary(static topic => topic.Name, StringComparer.Ordinal), mappingOf));
        }

        return parts;

        DataVersion NextVersion() => version with { Timestamp = version.Timestamp - --left };
    }

    private static byte[] WriteJson(DataVersion version, IReadOnlyDictionary<string, TopicConfig> topics, Func<string, TopicQueueMapping?> mappingOf) =>
        BrokerJson.Write(
            new RegisterBody { Topics = new AllTopicsBody { DataVersion = version, Topics = topics, MappingInfos = InfosOf(topics.Values, mappingOf) } }, TopicJson.Default.RegisterBody);

    /// <summary>Returns what name servers are told of the static ones among the topics.</summary>
    private static Dictionary<string, TopicQueueMapping> InfosOf(IEnumerable<TopicConfig> topics, Func<string, TopicQueueMapping?> mappingOf)
    {
        Dictionary<string, TopicQueueMapping> infos = new(StringComparer.Ordinal);
        foreach (TopicConfig topic in topics)
        {
            if (mappingOf(topic.Name) is { } mapping)
            {
                infos[topic.Name] = mapping.ToInfo();
            }
        }

        return infos;
    }

    private static List<TopicConfig[]> SplitByBytes(IEnumerable<TopicConfig> topics)
    {
        List<TopicConfig[]> parts = [];
        List<TopicConfig> part = [];
        int bytes = 0;
        foreach (TopicConfig topic in topics)
        {
            int size = Encoding.UTF8.GetByteCount(LineOf(topic)) + sizeof(int);
            if (bytes + size > MaxInflatedBytes)
            {
                parts.Add([.. part]);
                part.Clear();
                bytes = 0;
            }

            part.Add(topic);
            bytes += size;
        }

        // Also an empty table is told.
        parts.Add([.. part]);
        return parts;
    }

    // All integers big-endian. Source: RegisterBrokerBody.encode().
    //   size  field
    //   4     length of the version
    //   n     version as JSON
    //   4     number of topics
    //         per topic: 4 length, n line
    //   4     length of the filter servers
    //   n     filter servers as JSON, always []
    //   4     number of static topics; read by name servers of 5.x
    //         per static topic: 4 length, n mapping as JSON
    private static byte[] WriteCompressed(DataVersion version, TopicConfig[] topics, Func<string, TopicQueueMapping?> mappingOf)
    {
        ArrayBufferWriter<byte> plain = new(64 * 1024);
        WriteBlock(plain, BrokerJson.Write(version, BrokerJson.Default.DataVersion));
        WriteInt32(plain, topics.Length);
        foreach (TopicConfig topic in topics)
        {
            WriteBlock(plain, Encoding.UTF8.GetBytes(LineOf(topic)));
        }

        WriteBlock(plain, "[]"u8);
        Dictionary<string, TopicQueueMapping> infos = InfosOf(topics, mappingOf);
        WriteInt32(plain, infos.Count);
        foreach (TopicQueueMapping info in infos.Values)
        {
            WriteBlock(plain, BrokerJson.Write(info, StaticTopicJson.Default.TopicQueueMapping));
        }

        using MemoryStream compressed = new();
        using (ZLibStream zlib = new(compressed, CompressionLevel.Fastest, leaveOpen: true))
        {
            zlib.Write(plain.WrittenSpan);
        }

        return compressed.ToArray();
    }

    /// <summary>
    /// Formats a topic as one line, without attributes, which routes do not need: 4.9 understands lines of exactly five words.
    /// </summary>
    private static string LineOf(TopicConfig topic) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{topic.Name} {topic.ReadQueueNums} {topic.WriteQueueNums} {topic.Perm} {topic.TopicFilterType ?? TopicConfig.SingleTag}");

    private static void WriteBlock(ArrayBufferWriter<byte> output, ReadOnlySpan<byte> bytes)
    {
        WriteInt32(output, bytes.Length);
        output.Write(bytes);
    }

    private static void WriteInt32(ArrayBufferWriter<byte> output, int value)
    {
        BinaryPrimitives.WriteInt32BigEndian(output.GetSpan(sizeof(int)), value);
        output.Advance(sizeof(int));
    }
}

/// <summary>The body of one REGISTER_BROKER request; <paramref name="Crc32"/> is 0 where it is not to be checked.</summary>
internal sealed record RegistrationPart(byte[] Body, bool IsCompressed, int Crc32);
