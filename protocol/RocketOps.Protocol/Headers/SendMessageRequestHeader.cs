using RocketOps.Protocol.Commands;

namespace RocketOps.Protocol.Headers;

/// <summary>
/// Header of SEND_MESSAGE (10), SEND_MESSAGE_V2 (310), SEND_BATCH_MESSAGE (320) and the reply codes, with long or one-letter names. Source: remoting.md §2.2.
/// Borrows from the frame and the batch's scratch memory: valid until the handler returns.
/// </summary>
public ref struct SendMessageRequestHeader
{
    [Flags]
    private enum Required
    {
        None = 0,
        Topic = 1,
        QueueId = 2,
        SysFlag = 4,
        BornTimestamp = 8,
        Flag = 16,
        All = 31,
    }

    /// <summary>Empty when absent, as with RocketMQ's brokers, whatever its clients call required.</summary>
    public ReadOnlySpan<byte> ProducerGroup { get; private set; }

    public ReadOnlySpan<byte> Topic { get; private set; }

    /// <summary>Template of a topic that is created automatically, normally TBW102; empty when absent.</summary>
    public ReadOnlySpan<byte> DefaultTopic { get; private set; }

    /// <summary>0 when absent.</summary>
    public int DefaultTopicQueueNums { get; private set; }

    /// <summary>Below zero: the broker picks a queue.</summary>
    public int QueueId { get; private set; }

    public int SysFlag { get; private set; }

    /// <summary>Milliseconds since 1970.</summary>
    public long BornTimestamp { get; private set; }

    /// <summary>The user's flag, stored as it is.</summary>
    public int Flag { get; private set; }

    /// <summary>The encoded properties (remoting.md §4.2); empty when absent.</summary>
    public ReadOnlySpan<byte> Properties { get; private set; }

    /// <summary>Zero when absent.</summary>
    public int ReconsumeTimes { get; private set; }

    public bool UnitMode { get; private set; }

    /// <summary>Null when absent: then the group's setting counts.</summary>
    public int? MaxReconsumeTimes { get; private set; }

    /// <summary>The body holds several messages.</summary>
    public bool Batch { get; private set; }

    /// <summary>
    /// Reads the header of <paramref name="frame"/>; the names are told apart by their length, so one reader serves both versions.
    /// Throws <see cref="RemotingCommandException"/> for a missing required field or a number that is none.
    /// </summary>
    public static SendMessageRequestHeader Read(scoped in RequestFrame frame, Span<byte> scratch)
    {
        SendMessageRequestHeader header = default;
        Required seen = Required.None;
        ExtFieldReader reader = new(frame, scratch);
        while (reader.TryRead(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
        {
            byte letter = name.Length == 1 ? name[0] : ToLetter(name);
            switch (letter)
            {
                case (byte)'a':
                    header.ProducerGroup = value;
                    break;
                case (byte)'b':
                    header.Topic = value;
                    seen |= Required.Topic;
                    break;
                case (byte)'c':
                    header.DefaultTopic = value;
                    break;
                case (byte)'d':
                    header.DefaultTopicQueueNums = HeaderFields.ReadInt32(name, value);
                    break;
                case (byte)'e':
                    header.QueueId = HeaderFields.ReadInt32(name, value);
                    seen |= Required.QueueId;
                    break;
                case (byte)'f':
                    header.SysFlag = HeaderFields.ReadInt32(name, value);
                    seen |= Required.SysFlag;
                    break;
                case (byte)'g':
                    header.BornTimestamp = HeaderFields.ReadInt64(name, value);
                    seen |= Required.BornTimestamp;
                    break;
                case (byte)'h':
                    header.Flag = HeaderFields.ReadInt32(name, value);
                    seen |= Required.Flag;
                    break;
                case (byte)'i':
                    header.Properties = value;
                    break;
                case (byte)'j':
                    header.ReconsumeTimes = HeaderFields.ReadInt32(name, value);
                    break;
                case (byte)'k':
                    header.UnitMode = HeaderFields.ReadBoolean(value);
                    break;
                case (byte)'l':
                    header.MaxReconsumeTimes = HeaderFields.ReadInt32(name, value);
                    break;
                case (byte)'m':
                    header.Batch = HeaderFields.ReadBoolean(value);
                    break;
                default:
                    // Broker name (n) and fields of newer clients.
                    break;
            }
        }

        if (seen != Required.All)
        {
            HeaderFields.ThrowMissing(FirstMissing(seen));
        }

        return header;
    }

    private static byte ToLetter(ReadOnlySpan<byte> name)
    {
        if (name.SequenceEqual("producerGroup"u8))
        {
            return (byte)'a';
        }

        if (name.SequenceEqual("topic"u8))
        {
            return (byte)'b';
        }

        if (name.SequenceEqual("defaultTopic"u8))
        {
            return (byte)'c';
        }

        if (name.SequenceEqual("defaultTopicQueueNums"u8))
        {
            return (byte)'d';
        }

        if (name.SequenceEqual("queueId"u8))
        {
            return (byte)'e';
        }

        if (name.SequenceEqual("sysFlag"u8))
        {
            return (byte)'f';
        }

        if (name.SequenceEqual("bornTimestamp"u8))
        {
            return (byte)'g';
        }

        if (name.SequenceEqual("flag"u8))
        {
            return (byte)'h';
        }

        if (name.SequenceEqual("properties"u8))
        {
            return (byte)'i';
        }

        if (name.SequenceEqual("reconsumeTimes"u8))
        {
            return (byte)'j';
        }

        if (name.SequenceEqual("unitMode"u8))
        {
            return (byte)'k';
        }

        if (name.SequenceEqual("maxReconsumeTimes"u8))
        {
            return (byte)'l';
        }

        return name.SequenceEqual("batch"u8) ? (byte)'m' : (byte)0;
    }

    private static string FirstMissing(Required seen)
    {
        Required missing = Required.All & ~seen;
        return (Required)((int)missing & -(int)missing) switch
        {
            Required.Topic => "topic",
            Required.QueueId => "queueId",
            Required.SysFlag => "sysFlag",
            Required.BornTimestamp => "bornTimestamp",
            _ => "flag",
        };
    }
}
