namespace RocketOps.Faults.Tests.Histories;

/// <summary>
/// What must hold of every run, whatever was killed when (invariants I1–I4 of performance.md §9). Finds violations; an empty list is a passed run.
/// </summary>
public static class HistoryCheck
{
    /// <param name="attempts">Every send of every producer.</param>
    /// <param name="duringRun">What consumers read while brokers were killed.</param>
    /// <param name="atEnd">Every queue read from its beginning to its end after the last restart.</param>
    public static IReadOnlyList<string> Violations(
        IReadOnlyCollection<Attempt> attempts, IReadOnlyCollection<Reading> duringRun, IReadOnlyCollection<Reading> atEnd)
    {
        List<string> violations = [];
        Dictionary<string, Attempt> attemptOfBody = attempts.ToDictionary(attempt => attempt.Body, StringComparer.Ordinal);
        Dictionary<(int Queue, long Offset), string> bodyAt = [];
        Dictionary<string, Reading> placeOfBody = new(StringComparer.Ordinal);

        foreach (Reading reading in atEnd)
        {
            if (!bodyAt.TryAdd((reading.QueueId, reading.QueueOffset), reading.Body))
            {
                violations.Add($"two messages at queue {reading.QueueId} offset {reading.QueueOffset}: {reading.Body}");
            }

            if (!placeOfBody.TryAdd(reading.Body, reading))
            {
                violations.Add($"{reading.Body} is stored twice: {placeOfBody[reading.Body]} and {reading}");
            }

            if (!attemptOfBody.TryGetValue(reading.Body, out Attempt? attempt))
            {
                violations.Add($"nobody sent {reading}");
            }
            else if (attempt.QueueId != reading.QueueId)
            {
                violations.Add($"{reading} was sent to queue {attempt.QueueId}");
            }
        }

        CheckAcknowledged(attempts, bodyAt, violations);
        CheckNothingVanished(duringRun, bodyAt, violations);
        CheckQueuesHaveNoHoles(atEnd, violations);
        CheckOrder(atEnd, attemptOfBody, violations);
        return violations;
    }

    private static void CheckAcknowledged(IEnumerable<Attempt> attempts, Dictionary<(int Queue, long Offset), string> bodyAt, List<string> violations)
    {
        foreach (Attempt attempt in attempts)
        {
            if (attempt.AcknowledgedOffset is { } offset && (!bodyAt.TryGetValue((attempt.QueueId, offset), out string? body) || body != attempt.Body))
            {
                violations.Add($"acknowledged and lost: {attempt}; there is {body ?? "nothing"}");
            }
        }
    }

    private static void CheckNothingVanished(IEnumerable<Reading> duringRun, Dictionary<(int Queue, long Offset), string> bodyAt, List<string> violations)
    {
        foreach (Reading reading in duringRun)
        {
            if (!bodyAt.TryGetValue((reading.QueueId, reading.QueueOffset), out string? body) || body != reading.Body)
            {
                violations.Add($"read once and gone: {reading}; there is {body ?? "nothing"}");
            }
        }
    }

    private static void CheckQueuesHaveNoHoles(IEnumerable<Reading> atEnd, List<string> violations)
    {
        foreach (IGrouping<int, Reading> queue in atEnd.GroupBy(reading => reading.QueueId))
        {
            long[] offsets = [.. queue.Select(reading => reading.QueueOffset).Distinct().Order()];
            if (offsets[^1] != offsets.Length - 1)
            {
                violations.Add($"queue {queue.Key} ends at {offsets[^1]} and holds {offsets.Length} messages");
            }
        }
    }

    private static void CheckOrder(IEnumerable<Reading> atEnd, Dictionary<string, Attempt> attemptOfBody, List<string> violations)
    {
        Dictionary<(int Queue, int Producer), int> last = [];
        foreach (Reading reading in atEnd.OrderBy(reading => reading.QueueOffset))
        {
            // A send that hung on its way, and that its producer has given up, may arrive behind later ones.
            if (!attemptOfBody.TryGetValue(reading.Body, out Attempt? attempt) || attempt.AcknowledgedOffset is null)
            {
                continue;
            }

            (int QueueId, int Producer) key = (reading.QueueId, attempt.Producer);
            if (last.TryGetValue(key, out int before) && before >= attempt.Sequence)
            {
                violations.Add($"order of producer {attempt.Producer} broken: {reading} after its {before}");
            }

            last[key] = attempt.Sequence;
        }
    }
}
