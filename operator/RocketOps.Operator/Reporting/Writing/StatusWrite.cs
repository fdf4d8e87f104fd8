namespace RocketOps.Operator.Reporting.Writing;

/// <summary>Outcome of a status that was to be written.</summary>
internal enum StatusWrite
{
    /// <summary>The object says that already.</summary>
    Same,

    /// <summary>The object says something new.</summary>
    Written,

    /// <summary>There is no such object any more.</summary>
    Gone,
}
