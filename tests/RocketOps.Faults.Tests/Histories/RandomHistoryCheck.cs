namespace RocketOps.Faults.Tests.Histories;

/// <summary>
/// What must hold of every random history: what was acknowledged is received by every group at least once, unless it was rolled back, and then never, or its topic was deleted; nothing comes early; a
/// key keeps its order in groups that ask for it; no group's offset runs back while the broker lives and one member commits, and none is ever ahead of the first message that the group has not
/// handled, since it began anew there; a group that is set back to a time gets again what came since. Finds violations; an empty list is a passed run.
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
            violations.AddRange(Missing(group, history.Sent, receipts, history.Deletions).Select(message => $"acknowledged and lost to {group.Name}: {message}"));
            CheckRightful(group, sent, receipts, violations);
            if (group.IsOrderly)
            {
                CheckOrder(group, sent, receipts, violations);
            }

            CommittedOffset[] offsets = [.. history.Offsets.Where(offset => offset.Group == group.Name)];
            OffsetLife[] lives = [.. history.Lives.Where(life => life.Group == group.Name)];
            violations.AddRange(Ahead(receipts, offsets, lives, [.. history.Holes.Where(hole => hole.Topic == group.Topic)]));
            violations.AddRange(NotAgain(lives, receipts));
            CheckLeftOut(lives, sent, receipts, violations);
            if (group.IsAlone)
            {
                CheckOffsets(offsets, violations);
            }
        }

        return violations;
    }

    /// <summary>The acknowledged messages of a group's topic that it has not got yet, but those that were deleted with it.</summary>
    public static IEnumerable<SentMessage> Missing(GroupOfHistory group, IEnumerable<SentMessage> sent, IEnumerable<Receipt> receipts, IReadOnlyCollection<Deletion> deletions)
    {
        HashSet<string> received = new(receipts.Where(receipt => receipt.Group == group.Name).Select(static receipt => receipt.Body), StringComparer.Ordinal);
        long deleted = deletions.Where(deletion => deletion.Topic == group.Topic).Select(static deletion => deletion.At).DefaultIfEmpty(-1).Max();
        return sent.Where(message => message.Topic == group.Topic && message is { IsAcknowledged: true, IsRolledBack: false } && message.At > deleted && !received.Contains(message.Body));
    }

    /// <summary>What a rewind should have brought again and has not yet. Only queues without holes are set back.</summary>
    public static IEnumerable<string> NotAgain(IEnumerable<OffsetLife> lives, IReadOnlyCollection<Receipt> receipts)
    {
        foreach (OffsetLife life in lives.Where(static life => life.IsRewind))
        {
            HashSet<long> again = [.. receipts.Where(receipt => receipt.Group == life.Group && receipt.QueueId == life.QueueId && receipt.Number > life.Number).Select(static receipt => receipt.QueueOffset)];
            for (long offset = life.From; offset < life.Below; offset++)
            {
                if (!again.Contains(offset))
                {
                    yield return $"not received again: offset {offset} after {life}";
                }
            }
        }
    }

    /// <summary>
    /// The offsets of a group that are ahead of a message which it had not handled when the broker answered them: that lies at the offset or behind it. Where the group began anew, what it handled
    /// before does not count. Queues are read from their beginning.
    /// </summary>
    public static IEnumerable<string> Ahead(
        IReadOnlyCollection<Receipt> receipts, IReadOnlyCollection<CommittedOffset> offsets, IReadOnlyCollection<OffsetLife> lives, IReadOnlyCollection<Hole> holes)
    {
        foreach (IGrouping<int, CommittedOffset> queue in offsets.GroupBy(static offset => offset.QueueId))
        {
            Dictionary<long, long[]> handled = receipts.Where(receipt => receipt.QueueId == queue.Key).GroupBy(static receipt => receipt.QueueOffset)
                .ToDictionary(static place => place.Key, static place => place.Select(static receipt => receipt.Number).ToArray());
            Hole[] holesHere = [.. holes.Where(hole => hole.QueueId == queue.Key)];
            foreach (CommittedOffset offset in queue)
            {
                OffsetLife[] begun = [.. lives.Where(life => life.QueueId == queue.Key && life.Number <= offset.Received)];
                long unhandled = FirstUnhandled(handled, offset, begun, holesHere);
                if (unhandled < offset.Offset)
                {
                    yield return $"offset ahead of {unhandled}, which was not handled{(begun.LastOrDefault(life => life.Covers(unhandled)) is { } life ? $" since {life}" : string.Empty)}: {offset}";
                }
            }
        }
    }

    private static long FirstUnhandled(Dictionary<long, long[]> handled, CommittedOffset offset, OffsetLife[] begun, Hole[] holes)
    {
        long at = 0;
        while (at < offset.Offset)
        {
            if (Array.Find(holes, hole => hole.From <= at && at < hole.To) is { } hole)
            {
                at = hole.To;
                continue;
            }

            long since = -1;
            foreach (OffsetLife life in begun)
            {
                since = life.Covers(at) ? Math.Max(since, life.Number) : since;
            }

            if (!handled.TryGetValue(at, out long[]? numbers) || !Array.Exists(numbers, number => number > since && number <= offset.Received))
            {
                break;
            }

            at++;
        }

        return at;
    }

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

    // What is sent at the time that a group is set back to, or later, is stored later still.
    private static void CheckLeftOut(IEnumerable<OffsetLife> lives, Dictionary<string, SentMessage> sent, IReadOnlyCollection<Receipt> receipts, List<string> violations)
    {
        foreach (OffsetLife life in lives.Where(static life => life.Time > 0))
        {
            violations.AddRange(receipts
                .Where(receipt => receipt.QueueId == life.QueueId && receipt.QueueOffset < life.From && sent.TryGetValue(receipt.Body, out SentMessage? message) && message.At >= life.Time)
                .DistinctBy(static receipt => receipt.Body, StringComparer.Ordinal).Select(receipt => $"left out: {receipt} by {life}"));
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
