using System.Diagnostics.CodeAnalysis;
using RocketOps.Store.ConsumeQueues;

namespace RocketOps.Store.Log;

/// <summary>
/// One message as the broker hands it over. All spans are borrowed for the duration of the call. Store timestamp, queue offset, physical offset and CRC are the
/// store's business.
/// </summary>
public readonly ref struct MessageToAppend
{
    private readonly RecordFields _fields;

    public required StoreTopic Topic { get; init; }

    public required int QueueId { get; init; }

    /// <summary>Fields of the record. The IPv6 bits of the sysFlag are set from the hosts.</summary>
    public RecordFields Fields
    {
        get => _fields;
        init => _fields = value;
    }

    public ReadOnlySpan<byte> Body { get; init; }

    /// <summary>Properties text: <c>name 0x01 value</c> pairs separated by 0x02; an empty span has none.</summary>
    public ReadOnlySpan<byte> Properties { get; init; }

    /// <summary>
    /// Further pairs stored behind <see cref="Properties"/> (CLUSTER, MSG_REGION, …); a separator is put between the parts where one is missing, so that the
    /// broker copies nothing to add its own.
    /// </summary>
    public ReadOnlySpan<byte> MoreProperties { get; init; }

    /// <summary>A third part, behind <see cref="MoreProperties"/>.</summary>
    public ReadOnlySpan<byte> LastProperties { get; init; }

    /// <summary><see cref="Fields"/> where they lie: to copy them costs as much as to write them into a record.</summary>
    [UnscopedRef]
    internal ref readonly RecordFields FieldsInPlace => ref _fields;
}
