namespace RocketOps.Cli.Tracing;

/// <summary>One thing that happened to a message, as its clients have told it.</summary>
/// <param name="TimeMs">When it began, milliseconds since the epoch; 0 when nobody has told.</param>
/// <param name="What">sent, sent half, handled, committed, rolled back, left open, recalled.</param>
/// <param name="Group">Of the producer or consumer.</param>
/// <param name="Client">Where it was told from.</param>
/// <param name="Result">How it ended.</param>
internal sealed record TraceEvent(long TimeMs, string What, string? Group, string Client, string Result)
{
    /// <summary>The type of a message that a transaction has to decide on. Matches MessageType.</summary>
    private const int Half = 1;

    /// <summary>Duration in milliseconds.</summary>
    public long? CostMs { get; init; }

    /// <summary>Number of earlier deliveries of the message; for a handler only.</summary>
    public long? Retry { get; init; }

    public string? Topic { get; init; }

    public string? Tag { get; init; }

    public string? Keys { get; init; }

    /// <summary>Size of the body.</summary>
    public long? Bytes { get; init; }

    /// <summary>The broker that took it.</summary>
    public string? Broker { get; init; }

    public string? OffsetMessageId { get; init; }

    /// <summary>Returns what the records say of a message, in the order in which it happened.</summary>
    /// <param name="records">With where each was told from; those of other messages are left out.</param>
    /// <param name="messageId">Whose.</param>
    public static IReadOnlyList<TraceEvent> Of(IEnumerable<(TraceRecord Record, string Client)> records, string messageId)
    {
        List<(TraceRecord Record, string Client)> own = [.. records.Where(told => string.Equals(told.Record.MessageId, messageId, StringComparison.OrdinalIgnoreCase))];
        ILookup<string?, TraceRecord> ends = own.Where(static told => told.Record.Kind == TraceRecord.HandlingEnded).Select(static told => told.Record).ToLookup(static record => record.Text(1), StringComparer.Ordinal);
        HashSet<string?> begun = [.. own.Where(static told => told.Record.Kind == TraceRecord.HandlingBegan).Select(static told => told.Record.Text(4))];
        IEnumerable<TraceEvent> events = own.Select(told => told.Record.Kind switch
        {
            TraceRecord.Sent => OfSend(told.Record, told.Client),
            TraceRecord.HandlingBegan => OfHandling(told.Record, ends[told.Record.Text(4)].FirstOrDefault(), told.Client),
            TraceRecord.HandlingEnded => begun.Contains(told.Record.Text(1)) ? null : OfHandling(null, told.Record, told.Client),
            TraceRecord.TransactionEnded => OfTransaction(told.Record, told.Client),
            _ => OfRecall(told.Record, told.Client),
        }).OfType<TraceEvent>();

        // A trace that was sent twice tells everything twice.
        return [.. events.Distinct().OrderBy(static happened => happened.TimeMs)];
    }

    private static TraceEvent OfSend(TraceRecord record, string client)
    {
        // Without an id of where it is, the old form.
        bool isOld = record.FieldCount <= 13;
        return new TraceEvent(record.Number(1) ?? 0, record.Number(11) == Half ? "sent half" : "sent", record.Text(3), client, Outcome(record.Flag(isOld ? 12 : 13)))
        {
            Topic = record.Text(4),
            Tag = record.Text(6),
            Keys = record.Text(7),
            Broker = record.Text(8),
            Bytes = record.Number(9),
            CostMs = record.Number(10),
            OffsetMessageId = isOld ? null : record.Text(12),
        };
    }

    private static TraceEvent OfHandling(TraceRecord? begin, TraceRecord? end, string client) =>
        new(begin?.Number(1) ?? end?.Number(7) ?? 0, "handled", begin?.Text(3) ?? end?.Text(8), client, end is null ? "not told yet" : HandlingOutcome(end))
        {
            Retry = begin?.Number(6),
            CostMs = end?.Number(3),
            Keys = begin?.Text(7) ?? end?.Text(5),
        };

    private static TraceEvent OfTransaction(TraceRecord record, string client)
    {
        string what = record.Text(11) switch { "COMMIT_MESSAGE" => "committed", "ROLLBACK_MESSAGE" => "rolled back", _ => "left open" };
        return new TraceEvent(record.Number(1) ?? 0, what, record.Text(3), client, record.Flag(12) == true ? "asked by the broker" : "by itself")
        {
            Topic = record.Text(4),
            Tag = record.Text(6),
            Keys = record.Text(7),
            Broker = record.Text(8),
        };
    }

    private static TraceEvent OfRecall(TraceRecord record, string client) =>
        new(record.Number(1) ?? 0, "recalled", record.Text(3), client, Outcome(record.Flag(6))) { Topic = record.Text(4) };

    private static string Outcome(bool? succeeded) => succeeded switch { true => "ok", false => "failed", null => "not told" };

    /// <summary>Matches ConsumeReturnType.</summary>
    private static string HandlingOutcome(TraceRecord end) => end.Number(6) switch
    {
        0 => "ok",
        1 => "timed out",
        2 => "threw",
        3 => "returned nothing",
        4 => "failed",
        _ => Outcome(end.Flag(4)),
    };
}
