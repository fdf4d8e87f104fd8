using RocketOps.Protocol.Commands;

namespace RocketOps.Protocol.Headers;

/// <summary>
/// Header of PULL_MESSAGE (11) and LITE_PULL_MESSAGE (361). Source: remoting.md §2.3.
/// Borrows from the frame and the batch's scratch memory: valid until the handler returns.
/// </summary>
public ref struct PullMessageRequestHeader
{
    /// <summary>Bit of <see cref="SysFlag"/>: the commit offset is to be stored.</summary>
    public const int CommitOffsetFlag = 1;

    /// <summary>Bit of <see cref="SysFlag"/>: the broker may hold the request until messages arrive.</summary>
    public const int SuspendFlag = 2;

    /// <summary>Bit of <see cref="SysFlag"/>: the subscription is in this header.</summary>
    public const int SubscriptionFlag = 4;

    /// <summary>Bit of <see cref="SysFlag"/>: class filter, obsolete.</summary>
    public const int ClassFilterFlag = 8;

    /// <summary>Bit of <see cref="SysFlag"/>: the request comes from a lite pull consumer.</summary>
    public const int LitePullFlag = 16;

    [Flags]
    private enum Required
    {
        None = 0,
        ConsumerGroup = 1,
        Topic = 2,
        QueueId = 4,
        QueueOffset = 8,
        MaxMessages = 16,
        SysFlag = 32,

        /// <summary>Fields that every pull has.</summary>
        Always = 63,

        /// <summary>Field of pulls with <see cref="CommitOffsetFlag"/> set.</summary>
        CommitOffset = 64,
    }

    public ReadOnlySpan<byte> ConsumerGroup { get; private set; }

    public ReadOnlySpan<byte> Topic { get; private set; }

    public int QueueId { get; private set; }

    /// <summary>Wanted consume-queue offset.</summary>
    public long QueueOffset { get; private set; }

    public int MaxMessages { get; private set; }

    public int SysFlag { get; private set; }

    /// <summary>
    /// Consumer offset to store when <see cref="CommitOffsetFlag"/> is set: then it is required, or the group's progress would be set to an offset that nobody named. Otherwise 0 when absent, as
    /// RocketMQ's brokers do without it too, whatever its clients call required.
    /// </summary>
    public long CommitOffset { get; private set; }

    /// <summary>0 when absent.</summary>
    public long SuspendTimeoutMs { get; private set; }

    /// <summary>Expression when <see cref="SubscriptionFlag"/> is set; else empty.</summary>
    public ReadOnlySpan<byte> Subscription { get; private set; }

    /// <summary>Milliseconds since 1970 at which the client made the subscription; 0 when absent.</summary>
    public long SubscriptionVersion { get; private set; }

    /// <summary>TAG when empty, or SQL92.</summary>
    public ReadOnlySpan<byte> ExpressionType { get; private set; }

    /// <summary>Forwarded by another broker (<c>lo=false</c>): the queue is a physical one, also of a static topic.</summary>
    public bool IsPhysical { get; private set; }

    public readonly bool HasCommitOffset => (SysFlag & CommitOffsetFlag) != 0;

    public readonly bool MaySuspend => (SysFlag & SuspendFlag) != 0;

    public readonly bool HasSubscription => (SysFlag & SubscriptionFlag) != 0;

    /// <summary>Reads the header of <paramref name="frame"/>. Throws <see cref="RemotingCommandException"/> for a missing required field or a number that is none.</summary>
    public static PullMessageRequestHeader Read(scoped in RequestFrame frame, Span<byte> scratch)
    {
        PullMessageRequestHeader header = default;
        Required seen = Required.None;
        ExtFieldReader reader = new(frame, scratch);
        while (reader.TryRead(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
        {
            if (name.SequenceEqual("consumerGroup"u8))
            {
                header.ConsumerGroup = value;
                seen |= Required.ConsumerGroup;
            }
            else if (name.SequenceEqual("topic"u8))
            {
                header.Topic = value;
                seen |= Required.Topic;
            }
            else if (name.SequenceEqual("queueId"u8))
            {
                header.QueueId = HeaderFields.ReadInt32(name, value);
                seen |= Required.QueueId;
            }
            else if (name.SequenceEqual("queueOffset"u8))
            {
                header.QueueOffset = HeaderFields.ReadInt64(name, value);
                seen |= Required.QueueOffset;
            }
            else if (name.SequenceEqual("maxMsgNums"u8))
            {
                header.MaxMessages = HeaderFields.ReadInt32(name, value);
                seen |= Required.MaxMessages;
            }
            else if (name.SequenceEqual("sysFlag"u8))
            {
                header.SysFlag = HeaderFields.ReadInt32(name, value);
                seen |= Required.SysFlag;
            }
            else if (name.SequenceEqual("commitOffset"u8))
            {
                header.CommitOffset = HeaderFields.ReadInt64(name, value);
                seen |= Required.CommitOffset;
            }
            else if (name.SequenceEqual("suspendTimeoutMillis"u8))
            {
                header.SuspendTimeoutMs = HeaderFields.ReadInt64(name, value);
            }
            else if (name.SequenceEqual("subscription"u8))
            {
                header.Subscription = value;
            }
            else if (name.SequenceEqual("subVersion"u8))
            {
                header.SubscriptionVersion = HeaderFields.ReadInt64(name, value);
            }
            else if (name.SequenceEqual("expressionType"u8))
            {
                header.ExpressionType = value;
            }
            else if (name.SequenceEqual("lo"u8))
            {
                header.IsPhysical = HeaderFields.IsPhysical(value);
            }
        }

        Required missing = (header.HasCommitOffset ? Required.Always | Required.CommitOffset : Required.Always) & ~seen;
        if (missing != Required.None)
        {
            HeaderFields.ThrowMissing(FirstOf(missing));
        }

        return header;
    }

    private static string FirstOf(Required missing) => (Required)((int)missing & -(int)missing) switch
    {
        Required.ConsumerGroup => "consumerGroup",
        Required.Topic => "topic",
        Required.QueueId => "queueId",
        Required.QueueOffset => "queueOffset",
        Required.MaxMessages => "maxMsgNums",
        Required.SysFlag => "sysFlag",
        _ => "commitOffset",
    };
}
