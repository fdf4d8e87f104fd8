namespace RocketOps.Faults.Tests.Histories;

/// <summary>
/// What must hold of every random history: what was acknowledged is received by every group at least once, unless it was rolled back, and then never; nothing comes early; a
/// key keeps its order in groups that ask for it; no group's offset runs back while the broker lives and one member commits, and none is ever ahead of the first message that the group has not
/// received; a group whose offsets are set back to a time gets again what came since. Finds violations; an empty list is a passed run.
/// </summary>
public static class RandomHistoryCheck
{
    public static IReadOnlyList<string> Violations(RandomHistory history)
    {
        ArgumentNullException.ThrowIfNull(history);
        List<string> violations = [];
        Dictionary<string, SentMessage> sent = history.Sent.ToDictionary(static message => message.Body, StringComparer.Ordinal);
        foreach (GroupOfHistory group in history.Groups)
        {
            Receipt[] receipts = [.. history.Receipts.Where(receipt => receipt.Group == group.Name).OrderBy(static receipt => receipt.Number)];
            CheckComplete(group, sent.Values, receipts, violations);
            CheckRightful(group, sent, receipts, violations);
            if (group.IsOrderly)
            {
                CheckOrder(group, sent, receipts, violations);
            }

            CommittedOffset[] offsets = [.. history.Offsets.Where(offset => offset.Group == group.Name)];
            CheckAhead(receipts, offsets, violations);
            foreach (Rewind rewind in history.Rewinds.Where(rewind => rewind.Group == group.Name))
            {
                violations.AddRange(Missing(group, history.Sent, receipts, rewind).Select(message => $"not received again: {message} after {rewind}"));
            }

            if (group.IsAlone)
            {
                CheckOffsets(offsets, violations);
            }
        }

        return violations;
    }

    /// <summary>The acknowledged messages of a group's topic that it has not got yet.</summary>
    public static IEnumerable<SentMessage> Missing(GroupOfHistory group, IEnumerable<SentMessage> sent, IEnumerable<Receipt> receipts)
    {
        HashSet<string> received = new(receipts.Where(receipt => receipt.Group == group.Name).Select(static receipt => receipt.Body), StringComparer.Ordinal);
        return sent.Where(message => message.Topic == group.Topic && message is { IsAcknowledged: true, IsRolledBack: false } && !received.Contains(message.Body));
    }

    /// <summary>Those of them that a rewind should have brought again and has not yet.</summary>
    public static IEnumerable<SentMessage> Missing(GroupOfHistory group, IEnumerable<SentMessage> sent, IEnumerable<Receipt> receipts, Rewind rewind)
    {
        ArgumentNullException.ThrowIfNull(rewind);
        return Missing(group, sent.Where(message => message.At >= rewind.To && message.At < rewind.At), receipts.Where(receipt => receipt.Number > rewind.Received));
    }

    private static void CheckComplete(GroupOfHistory group, IEnumerable<SentMessage> sent, IEnumerable<Receipt> receipts, List<string> violations) =>
        violations.AddRange(Missing(group, sent, receipts).Select(message => $"acknowledged and lost to {group.Name}: {message}"));

    private static void CheckRightful(GroupOfHistory group, Dictionary<string, SentMessage> sent, IEnumerable<Receipt> receipts, List<string> violations)
    {
        foreach (Receipt receipt in receipts)
        {
            if (!sent.TryGetValue(receipt.Body, out SentMessage? message) || message.Topic != group.Topic)
            {
                violations.Add($"nobody sent {receipt} to {group.Topic}");
            }
            else if (message.IsRolledBack)
            {
                violations.Add($"rolled back and received: {receipt}");
            }
            else if (receipt.At < message.NotBefore)
            {
                violations.Add($"received {message.NotBefore - receipt.At} ms early: {receipt}");
            }
        }
    }

    // Messages may come again, from the last offset that was kept. The first times are in order, and none of what was acknowledged is left out before what follows it.
    private static void CheckOrder(GroupOfHistory group, Dictionary<string, SentMessage> sent, IEnumerable<Receipt> receipts, List<string> violations)
    {
        Dictionary<string, int> last = new(StringComparer.Ordinal);
        foreach (Receipt receipt in receipts.DistinctBy(static receipt => receipt.Body, StringComparer.Ordinal))
        {
            if (sent.TryGetValue(receipt.Body, out SentMessage? message) && message.IsAcknowledged)
            {
                if (last.TryGetValue(message.Key, out int before) && before > message.Sequence)
                {
                    violations.Add($"order of key {message.Key} broken in {group.Name}: {receipt} after its {before}");
                }

                last[message.Key] = Math.Max(before, message.Sequence);
            }
        }
    }

    // A message that was not received lies at the offset or behind it. Queues have no holes, and groups read them from their beginning.
    private static void CheckAhead(IReadOnlyCollection<Receipt> receipts, IReadOnlyCollection<CommittedOffset> offsets, List<string> violations)
    {
        foreach (IGrouping<int, CommittedOffset> queue in offsets.GroupBy(static offset => offset.QueueId))
        {
            Dictionary<long, long> first = receipts.Where(receipt => receipt.QueueId == queue.Key).GroupBy(static receipt => receipt.QueueOffset)
                .ToDictionary(static place => place.Key, static place => place.Min(static receipt => receipt.Number));
            foreach (CommittedOffset offset in queue)
            {
                long unhandled = 0;
                while (unhandled < offset.Offset && first.TryGetValue(unhandled, out long number) && number <= offset.Received)
                {
                    unhandled++;
                }

                if (unhandled < offset.Offset)
                {
                    violations.Add($"offset ahead of {unhandled}, which was not received: {offset}");
                }
            }
        }
    }

    private static void CheckOffsets(IEnumerable<CommittedOffset> offsets, List<string> violations)
    {
        foreach (IGrouping<(string Group, int QueueId, int Kills), CommittedOffset> life in offsets.GroupBy(static offset => (offset.Group, offset.QueueId, offset.Kills)))
        {
            long highest = -1;
            foreach (CommittedOffset offset in life)
            {
                if (offset.Offset < highest)
                {
                    violations.Add($"offset ran back from {highest}: {offset}");
                }

                highest = Math.Max(highest, offset.Offset);
            }
        }
    }
}
