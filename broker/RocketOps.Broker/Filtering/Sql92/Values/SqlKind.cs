namespace RocketOps.Broker.Filtering.Sql92.Values;

/// <summary>Kind of a <see cref="SqlValue"/>. The numbers are Java's int, long and double, which compare differently with text.</summary>
internal enum SqlKind
{
    /// <summary>Unknown: a property that is missing, or what follows from one.</summary>
    Null,
    Text,
    Boolean,
    Int,
    Long,
    Double,

    /// <summary>Apache's broker throws: the message does not match, whatever stands around it.</summary>
    Error,
}
