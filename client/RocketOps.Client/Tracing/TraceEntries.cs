using System.Globalization;
using System.Text;

namespace RocketOps.Client.Tracing;

/// <summary>One thing that happened to a message, as text: fields with U+0001 between them, U+0002 behind the last. Matches TraceDataEncoder of 4.9.7 and 5.5.0.</summary>
/// <param name="MessageId">Whose.</param>
/// <param name="Keys">Its keys; null for none.</param>
internal abstract record TraceEntry(string MessageId, string? Keys)
{
    private const char FieldEnd = '\u0001';
    private const char EntryEnd = '\u0002';

    public abstract void WriteTo(StringBuilder text);

    /// <summary>Java writes what is null as <c>null</c>; its reader stumbles over an entry that ends with an empty field.</summary>
    protected static void Write(StringBuilder text, params ReadOnlySpan<string?> fields)
    {
        for (int i = 0; i < fields.Length; i++)
        {
            if (i > 0)
            {
                text.Append(FieldEnd);
            }

            text.Append(fields[i] ?? "null");
        }

        text.Append(EntryEnd);
    }

    protected static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    protected static string Text(bool value) => value ? "true" : "false";
}

/// <summary>Message of a producer, as its traces name it.</summary>
internal readonly record struct TracedMessage(string Id, string? Keys, string Topic, string? Tags);

/// <summary>Origin of an entry: when, in which region and in which group the thing happened.</summary>
internal readonly record struct TraceOrigin(long TimeMs, string? Region, string Group);

/// <summary>A message was sent.</summary>
internal sealed record SendTraceEntry(
    TracedMessage Message, TraceOrigin Origin, string StoreHost, int BodyBytes, long CostMs, TracedMessageType Type, string OffsetMessageId, bool Succeeded)
    : TraceEntry(Message.Id, Message.Keys)
{
    public override void WriteTo(StringBuilder text) => Write(
        text, "Pub", Text(Origin.TimeMs), Origin.Region, Origin.Group, Message.Topic, MessageId, Message.Tags, Keys, StoreHost, Text(BodyBytes), Text(CostMs),
        Text((int)Type), OffsetMessageId, Text(Succeeded));
}

/// <summary>A message is handed to a handler.</summary>
internal sealed record BeforeHandlingTraceEntry(string MessageId, string? Keys, TraceOrigin Origin, string RequestId, int RetryTimes) : TraceEntry(MessageId, Keys)
{
    public override void WriteTo(StringBuilder text) => Write(
        text, "SubBefore", Text(Origin.TimeMs), Origin.Region, Origin.Group, RequestId, MessageId, Text(RetryTimes), Keys);
}

/// <summary>The handler is done with it.</summary>
internal sealed record AfterHandlingTraceEntry(string MessageId, string? Keys, string RequestId, long CostMs, bool Succeeded, HandlingCode Code, long TimeMs, string Group) : TraceEntry(MessageId, Keys)
{
    public override void WriteTo(StringBuilder text) => Write(
        text, "SubAfter", RequestId, MessageId, Text(CostMs), Text(Succeeded), Keys, Text((int)Code), Text(TimeMs), Group);
}

/// <summary>A transaction was ended.</summary>
internal sealed record EndTransactionTraceEntry(TracedMessage Message, TraceOrigin Origin, string StoreHost, TransactionResolution Resolution, bool AnswersCheck)
    : TraceEntry(Message.Id, Message.Keys)
{
    public override void WriteTo(StringBuilder text) => Write(
        text, "EndTransaction", Text(Origin.TimeMs), Origin.Region, Origin.Group, Message.Topic, MessageId, Message.Tags, Keys, StoreHost,
        Text((int)TracedMessageType.Commit), MessageId,
        Resolution switch { TransactionResolution.Commit => "COMMIT_MESSAGE", TransactionResolution.Rollback => "ROLLBACK_MESSAGE", _ => "UNKNOW" }, Text(AnswersCheck));
}

/// <summary>A message was taken back.</summary>
internal sealed record RecallTraceEntry(string MessageId, TraceOrigin Origin, string Topic, bool Succeeded) : TraceEntry(MessageId, Keys: null)
{
    public override void WriteTo(StringBuilder text) => Write(
        text, "Recall", Text(Origin.TimeMs), Origin.Region, Origin.Group, Topic, MessageId, Text(Succeeded));
}

/// <summary>Matches MessageType; only the ordinals travel.</summary>
internal enum TracedMessageType
{
    Normal = 0,
    Half = 1,
    Commit = 2,
    Delayed = 3,
}

/// <summary>
/// Outcome of a handler. Matches ConsumeReturnType; only the ordinals travel. Nothing here is returned as null, which is 3.
/// </summary>
internal enum HandlingCode
{
    Success = 0,
    TimedOut = 1,
    Threw = 2,
    Failed = 4,
}
