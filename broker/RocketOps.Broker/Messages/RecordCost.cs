namespace RocketOps.Broker.Messages;

/// <summary>Memory that a stored message takes while a handler works with it, for the budget of its connection.</summary>
internal static class RecordCost
{
    /// <summary>Bytes of the record, and of its properties once more as text of two bytes a character and once encoded anew. Its body is not copied.</summary>
    public static long Of(ReadOnlySpan<byte> record) => record.Length + (3L * RecordView.Read(record).Properties.Length);
}
