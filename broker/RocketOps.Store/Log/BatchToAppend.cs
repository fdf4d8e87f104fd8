using System.Diagnostics.CodeAnalysis;
using RocketOps.Store.ConsumeQueues;

namespace RocketOps.Store.Log;

/// <summary>
/// A client batch (SEND_BATCH_MESSAGE): becomes ordinary records with consecutive queue offsets, adjacent in the log, all in one file, all or nothing.
/// Spans are borrowed for the duration of the call.
/// </summary>
public readonly ref struct BatchToAppend
{
    private readonly RecordFields _fields;

    public required StoreTopic Topic { get; init; }

    public required int QueueId { get; init; }

    /// <summary>
    /// Fields of all records of the batch, but for <see cref="RecordFields.Flag"/>, which each message says of itself. The sysFlag may have no
    /// transaction bits; its IPv6 bits are set from the hosts.
    /// </summary>
    public RecordFields Fields
    {
        get => _fields;
        init => _fields = value;
    }

    /// <summary>The batch body as the client encoded it (remoting.md §4.6).</summary>
    public ReadOnlySpan<byte> Body { get; init; }

    /// <summary>Properties appended to those of every message; empty since 5.3.4, the outer message's before.</summary>
    public ReadOnlySpan<byte> MoreProperties { get; init; }

    /// <summary>Bytes that are to stay free among the properties of every message, for what is added when it is stored again.</summary>
    public int ReservedPropertyBytes { get; init; }

    /// <summary><see cref="Fields"/> where they lie: to copy them costs as much as to write them into a record.</summary>
    [UnscopedRef]
    internal ref readonly RecordFields FieldsInPlace => ref _fields;
}
