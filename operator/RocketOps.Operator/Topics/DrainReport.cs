namespace RocketOps.Operator.Topics;

/// <summary>Report on whether some queues of a topic on one broker are consumed to their end.</summary>
/// <param name="Drained">Nothing is left that somebody has still to read.</param>
/// <param name="BlockedBy">What is left, for people; null when nothing is.</param>
internal sealed record DrainReport(bool Drained, string? BlockedBy)
{
    public static readonly DrainReport Done = new(true, null);
}
