namespace RocketOps.Faults.Tests.Histories;

/// <summary>All that producers and consumers of one run know.</summary>
/// <param name="Sent">Every attempt.</param>
/// <param name="Receipts">Every message that a member has handled, in any order.</param>
/// <param name="Groups">Which topics a group reads, and whether in order.</param>
/// <param name="Offsets">Of those groups whose receipts say where they were read, in the order of asking. A group that begins anew is not asked before it has: until then its members may commit what they were told to leave.</param>
/// <param name="Lives">Every time a group began anew in a queue.</param>
/// <param name="Holes">Offsets without messages.</param>
/// <param name="Deletions">Topics that were deleted and made again.</param>
public sealed record RandomHistory(
    IReadOnlyCollection<SentMessage> Sent, IReadOnlyCollection<Receipt> Receipts, IReadOnlyCollection<GroupOfHistory> Groups, IReadOnlyCollection<CommittedOffset> Offsets,
    IReadOnlyCollection<OffsetLife> Lives, IReadOnlyCollection<Hole> Holes, IReadOnlyCollection<Deletion> Deletions);
