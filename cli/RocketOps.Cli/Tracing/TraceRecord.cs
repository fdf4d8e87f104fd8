using System.Globalization;

namespace RocketOps.Cli.Tracing;

/// <summary>
/// Record of what a client has told of one message. The text of a trace message has several, U+0002 behind each and U+0001 between fields.
/// Source: admin.md §8, TraceDataEncoder of 4.9.7 and 5.5.0.
/// <code>
/// Pub             time, region, group, topic, id, tags, keys, storeHost, bytes, cost, type, offsetMsgId, success    4.x before 4.4: without offsetMsgId, or success too; 5.x: client behind it
/// SubBefore       time, region, group, request, id, retries, keys
/// SubAfter        request, id, cost, success, keys, code, time, group                                               the last two not from Aliyun's clients, code not from the oldest
/// EndTransaction  time, region, group, topic, id, tags, keys, storeHost, type, transaction, state, answersCheck
/// Recall          time, region, group, topic, id, success
/// </code>
/// </summary>
internal sealed class TraceRecord
{
    public const string Sent = "Pub";
    public const string HandlingBegan = "SubBefore";
    public const string HandlingEnded = "SubAfter";
    public const string TransactionEnded = "EndTransaction";
    public const string Recalled = "Recall";

    private const char FieldEnd = '\u0001';
    private const char RecordEnd = '\u0002';

    /// <summary>Index of the message's id in each kind of record: a shorter record is none of that kind.</summary>
    private static readonly Dictionary<string, int> IdFields = new(StringComparer.Ordinal)
    {
        [Sent] = 5,
        [HandlingBegan] = 5,
        [HandlingEnded] = 2,
        [TransactionEnded] = 5,
        [Recalled] = 5,
    };

    private readonly string[] _fields;

    private TraceRecord(string[] fields) => _fields = fields;

    public string Kind => _fields[0];

    public string MessageId => _fields[IdFields[Kind]];

    public int FieldCount => _fields.Length;

    /// <summary>The records of a trace message. Kinds that nobody knows yet are left out.</summary>
    public static IEnumerable<TraceRecord> Parse(string text) =>
        from record in text.Split(RecordEnd, StringSplitOptions.RemoveEmptyEntries)
        let fields = record.Split(FieldEnd)
        where IdFields.TryGetValue(fields[0], out int id) && fields.Length > id
        select new TraceRecord(fields);

    /// <summary>Null when it is not there; Java writes what is null as <c>null</c>.</summary>
    public string? Text(int field) => field < _fields.Length && _fields[field] is { Length: > 0 } text && text != "null" ? text : null;

    public long? Number(int field) => long.TryParse(Text(field), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) ? number : null;

    public bool? Flag(int field) => bool.TryParse(Text(field), out bool value) ? value : null;
}
