namespace RocketOps.Store.Contracts;

/// <summary>
/// A place in the log, and in which log: after a cut (<c>MessageStore.TruncateAsync</c>) the same offset holds something else. Who waits for what was appended
/// waits for its mark, so that bytes which came in its place are never taken for it.
/// </summary>
/// <param name="Offset">Everything before it is meant.</param>
/// <param name="Generation">How often the log had been cut since the start of the process when this was its end, or part of it.</param>
public readonly record struct LogMark(PhysicalOffset Offset, int Generation)
{
    /// <summary>This mark, or one before it at that offset.</summary>
    public LogMark NotBehind(PhysicalOffset offset) => offset < Offset ? this with { Offset = offset } : this;

    /// <summary>Returns a mark that covers both: the later offset, and the generation that every cut since either concerns.</summary>
    public LogMark And(LogMark other) => new(new PhysicalOffset(Math.Max(Offset.Value, other.Offset.Value)), Math.Min(Generation, other.Generation));
}
