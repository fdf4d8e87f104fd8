namespace RocketOps.Store.ConsumeQueues;

/// <summary>Result of an attempt to read.</summary>
internal enum ReadOutcome
{
    Done = 0,

    /// <summary>Not in the log, or not wanted.</summary>
    NotThere,

    /// <summary>Only the disk has it, and the caller may not wait.</summary>
    WouldBlock,
}
