namespace RocketOps.Faults.Tests.Histories;

/// <summary>All that producers and consumers of one run know.</summary>
/// <param name="Sent">Every attempt.</param>
/// <param name="Receipts">Every message of every member, in any order.</param>
/// <param name="Groups">Which topics a group reads, and whether in order.</param>
/// <param name="Offsets">Of those groups whose receipts say where they were read, in the order of asking.</param>
/// <param name="Rewinds">Every one; the broker was not killed before the group had all of it again.</param>
public sealed record RandomHistory(
    IReadOnlyCollection<SentMessage> Sent, IReadOnlyCollection<Receipt> Receipts, IReadOnlyCollection<GroupOfHistory> Groups, IReadOnlyCollection<CommittedOffset> Offsets,
    IReadOnlyCollection<Rewind> Rewinds);
