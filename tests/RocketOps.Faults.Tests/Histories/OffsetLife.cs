namespace RocketOps.Faults.Tests.Histories;

/// <summary>
/// A group began anew in a queue: it was set back, or the topic was made again. What it had handled of the stretch counts no more; its offset may pass only what it has handled since.
/// </summary>
/// <param name="Group">Whose.</param>
/// <param name="QueueId">Of the group's topic.</param>
/// <param name="From">Where it goes on.</param>
/// <param name="Below">Where it was (exclusive): all before comes again. <see cref="long.MaxValue"/> for a queue of a topic that was made again, in which nothing is what it was.</param>
/// <param name="Number">The moment, among the numbers of receipts.</param>
/// <param name="Time">The time the group was set back to, in milliseconds since 1970: what was stored from then on lies behind <paramref name="From"/>; 0 for none.</param>
public sealed record OffsetLife(string Group, int QueueId, long From, long Below, long Number, long Time = 0)
{
    public bool IsRewind => Below != long.MaxValue;

    public bool Covers(long queueOffset) => queueOffset >= From && queueOffset < Below;
}
