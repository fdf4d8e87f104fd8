using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using RocketOps.NameServer.Json;
using RocketOps.NameServer.Routing;
using RocketOps.Protocol.Bodies;
using RocketOps.Protocol.Commands;

namespace RocketOps.NameServer.Registration;

/// <summary>Reads the body of REGISTER_BROKER in its two formats. Source: remoting.md §3.3.</summary>
internal static class RegistrationBodyReader
{
    /// <summary>
    /// Compressed bodies may grow to this. A frame holds 16 MiB of plain JSON, which is 80 000 topics; twice that is far beyond any broker and still harmless.
    /// </summary>
    public const int MaxInflatedBytes = 32 * 1024 * 1024;

    private const byte ZlibFirstByte = 0x78;

    /// <summary>
    /// Version and topics of the body. The format is told by its first byte: 5.3 brokers send compressed bodies with <c>compressed=false</c>.
    /// Throws <see cref="RemotingCommandException"/> when the body cannot be read.
    /// </summary>
    public static (DataVersion Version, IReadOnlyList<TopicRegistration> Topics) Read(ReadOnlyMemory<byte> body)
    {
        if (body.IsEmpty)
        {
            // RocketMQ takes an absent body as an empty table of version 0.
            return (new DataVersion(), []);
        }

        return body.Span[0] == ZlibFirstByte ? ReadCompressed(Inflate(body)) : ReadJson(body.Span);
    }

    private static (DataVersion Version, IReadOnlyList<TopicRegistration> Topics) ReadJson(ReadOnlySpan<byte> body)
    {
        TopicConfigWrapperBody? wrapper = NameServerJson.Read(body, NameServerJson.Default.RegisterBrokerBody).TopicConfigs;
        if (wrapper?.Topics is null)
        {
            return (wrapper?.DataVersion ?? new DataVersion(), []);
        }

        List<TopicRegistration> topics = new(wrapper.Topics.Count);
        foreach ((string name, TopicConfigBody? topic) in wrapper.Topics)
        {
            if (topic is not null)
            {
                topics.Add(new TopicRegistration(topic.TopicName ?? name, topic.ReadQueues, topic.WriteQueues, topic.Perm, topic.SysFlag, wrapper.Mappings?.GetValueOrDefault(topic.TopicName ?? name)));
            }
        }

        return (wrapper.DataVersion ?? new DataVersion(), topics);
    }

    // Inflated body. Source: RegisterBrokerBody.encode(). All integers big-endian.
    //   size  field
    //   4     length of the version
    //   n     version as JSON
    //   4     number of topics
    //         per topic: 4 length, n "<name> <readQueues> <writeQueues> <perm> <filterType>[ <attributes>]"
    //   4     length of the filter servers
    //   n     filter servers as JSON, not read
    //         from 5.0 on:
    //   4     number of static topics
    //         per static topic: 4 length, n mapping as JSON
    private static (DataVersion Version, IReadOnlyList<TopicRegistration> Topics) ReadCompressed(ReadOnlySpan<byte> body)
    {
        DataVersion version = NameServerJson.Read(TakeBlock(ref body), NameServerJson.Default.DataVersion);
        int count = TakeInt32(ref body);
        if (count < 0 || count > body.Length / sizeof(int))
        {
            throw Malformed($"{count} topics do not fit into the {body.Length} bytes left");
        }

        List<TopicRegistration> topics = new(count);
        for (int i = 0; i < count; i++)
        {
            topics.Add(ParseTopicLine(Encoding.UTF8.GetString(TakeBlock(ref body))));
        }

        if (!body.IsEmpty)
        {
            TakeBlock(ref body);
        }

        return (version, body.IsEmpty ? topics : WithMappings(topics, body));
    }

    private static List<TopicRegistration> WithMappings(List<TopicRegistration> topics, ReadOnlySpan<byte> body)
    {
        int count = TakeInt32(ref body);
        if (count < 0 || count > body.Length / sizeof(int))
        {
            throw Malformed($"{count} mappings do not fit into the {body.Length} bytes left");
        }

        Dictionary<string, TopicQueueMappingInfo> mappings = new(StringComparer.Ordinal);
        for (int i = 0; i < count; i++)
        {
            TopicQueueMappingInfo mapping = NameServerJson.Read(TakeBlock(ref body), NameServerJson.Default.TopicQueueMappingInfo);
            mappings[mapping.Topic ?? throw Malformed("a mapping has no topic")] = mapping;
        }

        return count == 0 ? topics : topics.ConvertAll(topic => topic with { Mapping = mappings.GetValueOrDefault(topic.Topic) });
    }

    private static TopicRegistration ParseTopicLine(string line)
    {
        string[] parts = line.Split(' ', 6);
        return parts.Length >= 4 && TryParse(parts[1], out int read) && TryParse(parts[2], out int write) && TryParse(parts[3], out int perm)
            ? new TopicRegistration(parts[0], read, write, perm, SysFlag: 0)
            : throw Malformed($"\"{line}\" is no topic");
    }

    private static bool TryParse(string text, out int value) => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);

    private static byte[] Inflate(ReadOnlyMemory<byte> body)
    {
        using MemoryStream inflated = new();
        using ZLibStream zlib = new(new MemoryStream(body.ToArray(), writable: false), CompressionMode.Decompress);
        byte[] chunk = new byte[16 * 1024];
        try
        {
            int read;
            while ((read = zlib.Read(chunk)) > 0)
            {
                if (inflated.Length + read > MaxInflatedBytes)
                {
                    throw Malformed($"it inflates to more than {MaxInflatedBytes} bytes");
                }

                inflated.Write(chunk, 0, read);
            }
        }
        catch (Exception malformed) when (malformed is InvalidDataException or IOException)
        {
            // ZLibException, an IOException, is what a stream that asks for a preset dictionary gets.
            throw Malformed(malformed.Message);
        }

        return inflated.ToArray();
    }

    private static ReadOnlySpan<byte> TakeBlock(ref ReadOnlySpan<byte> body)
    {
        int length = TakeInt32(ref body);
        if (length < 0 || length > body.Length)
        {
            throw Malformed($"a length of {length} exceeds the {body.Length} bytes left");
        }

        ReadOnlySpan<byte> block = body[..length];
        body = body[length..];
        return block;
    }

    private static int TakeInt32(ref ReadOnlySpan<byte> body)
    {
        if (body.Length < sizeof(int))
        {
            throw Malformed("it ends too early");
        }

        int value = BinaryPrimitives.ReadInt32BigEndian(body);
        body = body[sizeof(int)..];
        return value;
    }

    private static RemotingCommandException Malformed(string reason) => new(ResponseCode.SystemError, $"the compressed registration body cannot be read: {reason}");
}
