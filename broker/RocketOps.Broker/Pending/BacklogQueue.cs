using RocketOps.Store.ConsumeQueues;

namespace RocketOps.Broker.Pending;

/// <summary>A queue in which messages of other topics wait.</summary>
/// <param name="Topic">Its topic.</param>
/// <param name="QueueId">Its number.</param>
/// <param name="Kind">What waits there.</param>
/// <param name="DoneBefore">Every message before this queue offset is done with. Asked before anything is read; may lag behind the truth.</param>
/// <param name="Waits">Whether a message from there on still waits.</param>
/// <param name="DueOf">When a message is due: given its store time and the slot its properties name (−1 for none), milliseconds since 1970; 0 when nobody knows.</param>
internal sealed record BacklogQueue(
    StoreTopic Topic, int QueueId, PendingKind Kind, Func<long> DoneBefore, Func<PendingMessage, bool> Waits, Func<long, long, long> DueOf);
